-- The beginning of all scripts about a feed: its last number and time, and adding an entry.
-- KEYS[1]: its stream.  KEYS[2]: its state.  ARGV[1]: the limit of entries.  ARGV[2]: a time in
-- milliseconds that the caller has seen in this feed; new entries get a later one.

local stream, state, most = KEYS[1], KEYS[2], ARGV[1]
local DAY = 86400000

local function whole(number)
  return string.format('%.0f', number)
end

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local held = redis.call('HMGET', state, '.seq', '.last')
local seq, last = tonumber(held[1] or '0'), tonumber(held[2] or '0')
if not held[2] then
  -- The state is new, or was lost: the stream may still exist.
  local top = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', '1')[1]
  if top then
    last = tonumber(string.match(top[1], '^%d+'))
    seq = tonumber(top[2][2]) or 0
  end
end
local floor = tonumber(ARGV[2])
if floor > last and floor < now + DAY then
  last = floor
end

local function add(body, nonce)
  seq = seq + 1
  last = math.max(now, last + 1)
  redis.call('XADD', stream, 'MAXLEN', '~', most, whole(last) .. '-0',
             's', whole(seq), 'n', nonce, 'b', body)
  redis.call('HSET', state, '.seq', whole(seq), '.last', whole(last))
end

-- Remove the members of a process from the state; return how many there were.
local function remove_members(incarnation)
  local start = 'member/' .. incarnation .. '/'
  local removed = 0
  for _, field in ipairs(redis.call('HKEYS', state)) do
    if string.sub(field, 1, #start) == start then
      removed = removed + redis.call('HDEL', state, field)
    end
  end
  return removed
end

-- Publish that a process has ended; `how` is 'now' if it has left in order.
local function gone(node, incarnation, how)
  local ended = how == 'now' and ',"ended":true' or ''
  add('{"do":"gone","node":"' .. node .. '","incarnation":"' .. incarnation .. '"' .. ended .. '}',
      '')
end
