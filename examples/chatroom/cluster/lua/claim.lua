-- Claim a name, or renew it.
-- KEYS[1]: the name.  ARGV: the owner, the proof that the owner held it before, the node, the name
-- as it is shown, the proofs for later (digests separated by blanks: any of them is enough), and the
-- validity in milliseconds.
-- Returns 1, or the owner, the node and the shown name of the present holder.

local held = redis.call('HMGET', KEYS[1], 'owner', 'proof', 'node', 'shown')
local same = held[2] and ARGV[2] ~= ''
  and string.find(' ' .. held[2] .. ' ', ' ' .. ARGV[2] .. ' ', 1, true)
if held[1] and held[1] ~= ARGV[1] and not same then
  return {held[1], held[3], held[4]}
end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'node', ARGV[3], 'shown', ARGV[4], 'proof', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
