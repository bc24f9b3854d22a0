-- Register a node, or renew its registration: the heartbeat.
-- ARGV[3]: its name.  ARGV[4]: its process.  ARGV[5]: the validity in milliseconds.
-- ARGV[6]: 'first' at the start of a process, which ends an earlier one of that name.
-- Returns 'here', 'new' (other nodes may have declared it dead) or 'other' (another process runs
-- under that name), the engine's time, and the nodes: name, process and expiry of each.

local node, incarnation = ARGV[3], ARGV[4]
local nodes, mine = {}, nil
for _, field in ipairs(redis.call('HKEYS', state)) do
  local name = string.match(field, '^node/(.*)$')
  if name then
    local value = redis.call('HGET', state, field)
    local process = string.match(value, '"incarnation":"([%w_.-]+)"') or ''
    local till = tonumber(string.match(value, '"until":(%d+)') or '0')
    if name == node then
      mine = {process, till}
    else
      for _, each in ipairs({name, process, whole(till)}) do nodes[#nodes + 1] = each end
    end
  end
end

local answer = 'new'
if mine and mine[1] == incarnation then
  answer = 'here'
elseif mine and mine[2] > now and ARGV[6] ~= 'first' then
  return {'other', whole(now), nodes}
elseif mine then
  remove_members(mine[1])
  gone(node, mine[1])
end
local till = now + tonumber(ARGV[5])
redis.call('HSET', state, 'node/' .. node,
           '{"incarnation":"' .. incarnation .. '","until":' .. whole(till) .. '}')
return {answer, whole(now), nodes}
