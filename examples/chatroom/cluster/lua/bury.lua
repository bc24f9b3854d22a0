-- Remove a node that has stopped from the hall's feed, and publish that.
-- ARGV[3]: its name.  ARGV[4]: its process.  ARGV[5]: 'now' for a node that leaves in order, else it
-- must have expired.  Returns 1 if it was removed here.

local field = 'node/' .. ARGV[3]
local value = redis.call('HGET', state, field)
if not value or string.match(value, '"incarnation":"([%w_.-]+)"') ~= ARGV[4] then
  return 0
end
if ARGV[5] ~= 'now' and tonumber(string.match(value, '"until":(%d+)') or '0') >= now then
  return 0
end
remove_members(ARGV[4])
redis.call('HDEL', state, field)
gone(ARGV[3], ARGV[4], ARGV[5])
return 1
