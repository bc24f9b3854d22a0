-- Register a new room in the hall's feed, under the lowest free number.
-- ARGV[3]: its key.  ARGV[4]: the skeleton of its name.  ARGV[5]: its name.  ARGV[6]: its body, a
-- JSON object that is not empty.  ARGV[7]: the limit of rooms.  ARGV[8]: the first number.
-- Returns the number, 'alike' and the name of the room with this skeleton, or 'many'.

local key, skeleton = ARGV[3], ARGV[4]

local function number_of(body)
  return tonumber(string.match(body, '"number":(%d+)') or '')
end

local fields = redis.call('HGETALL', state)
local rooms, looks, used, count = {}, {}, {}, 0
for index = 1, #fields, 2 do
  local room = string.match(fields[index], '^room/(.*)$')
  local look = string.match(fields[index], '^.look/(.*)$')
  if room then
    rooms[room], count = fields[index + 1], count + 1
    used[number_of(fields[index + 1]) or 0] = true
  elseif look then
    looks[look] = fields[index + 1]
  end
end
if rooms[key] then
  return number_of(rooms[key]) or 0
end

-- A skeleton's value is the room's key, a line end and its name; those of deleted rooms are removed.
local other = looks[skeleton]
for look, value in pairs(looks) do
  if not rooms[string.match(value, '^[^\n]*')] then
    redis.call('HDEL', state, '.look/' .. look)
    if look == skeleton then other = nil end
  end
end
if other then
  return {'alike', string.match(other, '\n(.*)$')}
end
if count >= tonumber(ARGV[7]) then
  return {'many'}
end
local number = tonumber(ARGV[8])
while used[number] do
  number = number + 1
end
if number > 4095 then
  return {'many'}
end
local body = string.sub(ARGV[6], 1, -2) .. ',"number":' .. whole(number) .. '}'
add(body, '')
redis.call('HSET', state, 'room/' .. key, body, '.look/' .. skeleton, key .. '\n' .. ARGV[5])
return number
