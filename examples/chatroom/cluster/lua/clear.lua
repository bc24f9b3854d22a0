-- Remove the members of an ended process from a room's feed, and publish that in the room.
-- ARGV[3]: the node's name.  ARGV[4]: the process.  ARGV[5]: 'now' if it leaves in
-- order.  Returns 1 if they were removed here.

if remove_members(ARGV[4]) == 0 then
  return 0
end
gone(ARGV[3], ARGV[4], ARGV[5])
return 1
