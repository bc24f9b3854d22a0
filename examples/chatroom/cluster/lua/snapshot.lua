-- Return a feed's last time, its last number and its state at one moment.

return {whole(last), whole(seq), redis.call('HGETALL', state)}
