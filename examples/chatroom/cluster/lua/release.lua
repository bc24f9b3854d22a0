-- Release a name.  KEYS[1]: the name.  ARGV[1]: the owner.  Returns 1 if the owner held it.

if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
