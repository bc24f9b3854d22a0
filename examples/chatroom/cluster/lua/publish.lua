-- Add entries, without those that were added already.
-- KEYS[3...]: for each entry the key that marks it as added.  ARGV[3]: its validity in milliseconds.
-- ARGV[4...]: for each entry its nonce, its body, the number of changes, and for each of these a
-- field of the state and its value, '' to delete it.

local at, added = 4, 0
for index = 3, #KEYS do
  local nonce, body, changes = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  at = at + 3
  local new = redis.call('EXISTS', KEYS[index]) == 0
  if new then
    add(body, nonce)
    redis.call('SET', KEYS[index], '1', 'PX', ARGV[3])
    added = added + 1
  end
  for _ = 1, changes do
    if new and ARGV[at + 1] == '' then
      redis.call('HDEL', state, ARGV[at])
    elseif new then
      redis.call('HSET', state, ARGV[at], ARGV[at + 1])
    end
    at = at + 2
  end
end
return added
