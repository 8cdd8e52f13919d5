"""What the queue does inside Redis: each script is one step that nobody sees half of.

A job is a hash. Beside it there are sorted sets of ids: `delayed` by when it is due, `ready:<name>` by priority and
then by when it was due, `running` by when the lease ends, `done` and `dead` by when it ended, `all` by when it was
made; and `keys`, which says whose a key is. KEYS[1] is what all their names begin with.
"""

from typing import Final

_COMMON = """
local p = KEYS[1]
local function job(id) return p .. ':job:' .. id end
local function bury(id, at)
  redis.call('ZADD', p .. ':dead', at, id)
  local key = redis.call('HGET', job(id), 'key')
  if key then
    redis.call('HDEL', job(id), 'key')
    if redis.call('HGET', p .. ':keys', key) == id then redis.call('HDEL', p .. ':keys', key) end
  end
end
local function free(id, status, at, attempts, err)
  redis.call('ZREM', p .. ':running', id)
  redis.call('HSET', job(id), 'status', status, 'attempts', attempts)
  redis.call('HDEL', job(id), 'worker', 'leased_until', 'error')
  if err ~= '' then redis.call('HSET', job(id), 'error', err) end
  if status == 'dead' then
    redis.call('HSET', job(id), 'finished_at', at)
    bury(id, at)
  else
    redis.call('HSET', job(id), 'run_at', at)
    redis.call('ZADD', p .. ':delayed', at, id)
  end
end
local function forget(id)
  local key, name = unpack(redis.call('HMGET', job(id), 'key', 'name'))
  if key and redis.call('HGET', p .. ':keys', key) == id then redis.call('HDEL', p .. ':keys', key) end
  redis.call('DEL', job(id))
  for _, set in ipairs({'all', 'delayed', 'done', 'dead'}) do redis.call('ZREM', p .. ':' .. set, id) end
  if name then redis.call('ZREM', p .. ':ready:' .. name, id) end
end
local function held(id, worker)
  local status, by = unpack(redis.call('HMGET', job(id), 'status', 'worker'))
  return status == 'running' and by == worker
end
"""

# ARGV: id, key, created, due, then the fields and their values.
ADD: Final = (
    _COMMON
    + """
local id, key = ARGV[1], ARGV[2]
if redis.call('EXISTS', job(id)) == 1 then return id end
if key ~= '' then
  local other = redis.call('HGET', p .. ':keys', key)
  if other then return other end
  redis.call('HSET', p .. ':keys', key, id)
end
redis.call('HSET', job(id), unpack(ARGV, 5))
redis.call('ZADD', p .. ':all', ARGV[3], id)
redis.call('ZADD', p .. ':delayed', ARGV[4], id)
return id
"""
)

# ARGV: worker, now, until, limit, then the names.
CLAIM: Final = (
    _COMMON
    + """
for _, id in ipairs(redis.call('ZRANGEBYSCORE', p .. ':delayed', '-inf', ARGV[2], 'LIMIT', 0, 1000)) do
  local name, priority, due = unpack(redis.call('HMGET', job(id), 'name', 'priority', 'run_at'))
  redis.call('ZREM', p .. ':delayed', id)
  if name then redis.call('ZADD', p .. ':ready:' .. name, math.floor(due / 1000) - priority * 1e13, id) end
end
local taken = {}
while #taken < tonumber(ARGV[4]) do
  local best, score, from = nil, nil, nil
  for at = 5, #ARGV do
    local head = redis.call('ZRANGE', p .. ':ready:' .. ARGV[at], 0, 0, 'WITHSCORES')
    if head[1] and (not score or tonumber(head[2]) < score) then
      best, score, from = head[1], tonumber(head[2]), ARGV[at]
    end
  end
  if not best then break end
  redis.call('ZREM', p .. ':ready:' .. from, best)
  redis.call('HSET', job(best), 'status', 'running', 'worker', ARGV[1], 'leased_until', ARGV[3])
  redis.call('HINCRBY', job(best), 'attempts', 1)
  redis.call('ZADD', p .. ':running', ARGV[3], best)
  taken[#taken + 1] = redis.call('HGETALL', job(best))
end
return taken
"""
)

# ARGV: worker, until, then the ids.
EXTEND: Final = (
    _COMMON
    + """
local mine = {}
for at = 3, #ARGV do
  if held(ARGV[at], ARGV[1]) then
    redis.call('HSET', job(ARGV[at]), 'leased_until', ARGV[2])
    redis.call('ZADD', p .. ':running', ARGV[2], ARGV[at])
    mine[#mine + 1] = ARGV[at]
  end
end
return mine
"""
)

# ARGV: worker, when, then the ids.
FINISH: Final = (
    _COMMON
    + """
local count = 0
for at = 3, #ARGV do
  local id = ARGV[at]
  if held(id, ARGV[1]) then
    redis.call('ZREM', p .. ':running', id)
    redis.call('HSET', job(id), 'status', 'done', 'percent', 100, 'finished_at', ARGV[2])
    redis.call('HDEL', job(id), 'worker', 'leased_until', 'error')
    redis.call('ZADD', p .. ':done', ARGV[2], id)
    count = count + 1
  end
end
return count
"""
)

# ARGV: id, worker, attempts as claimed, status, when, attempts, error.
SETTLE: Final = (
    _COMMON
    + """
if not held(ARGV[1], ARGV[2]) or redis.call('HGET', job(ARGV[1]), 'attempts') ~= ARGV[3] then return 0 end
free(ARGV[1], ARGV[4], ARGV[5], ARGV[6], ARGV[7])
return 1
"""
)

# ARGV: id, percent, note.
REPORT: Final = (
    _COMMON
    + """
if redis.call('HGET', job(ARGV[1]), 'status') == 'running' then
  redis.call('HSET', job(ARGV[1]), 'percent', ARGV[2], 'note', ARGV[3])
end
"""
)

# ARGV: now, limit, error.
RECOVER: Final = (
    _COMMON
    + """
local ended = redis.call('ZRANGEBYSCORE', p .. ':running', '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ended) do
  local attempts, most = unpack(redis.call('HMGET', job(id), 'attempts', 'max_attempts'))
  local status = tonumber(attempts) >= tonumber(most) and 'dead' or 'waiting'
  free(id, status, ARGV[1], attempts, ARGV[3])
end
return #ended
"""
)

# ARGV: before, limit.
PRUNE: Final = (
    _COMMON
    + """
local old = redis.call('ZRANGEBYSCORE', p .. ':done', '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(old) do forget(id) end
return #old
"""
)

# ARGV: now, all or these, name or nothing, then the ids.
REVIVE: Final = (
    _COMMON
    + """
local ids = ARGV[2] == 'all' and redis.call('ZRANGE', p .. ':dead', 0, -1) or {unpack(ARGV, 4)}
local count = 0
for _, id in ipairs(ids) do
  local status, name = unpack(redis.call('HMGET', job(id), 'status', 'name'))
  if status == 'dead' and (ARGV[3] == '' or ARGV[3] == name) then
    redis.call('ZREM', p .. ':dead', id)
    redis.call('HSET', job(id), 'status', 'waiting', 'attempts', 0, 'run_at', ARGV[1])
    redis.call('HDEL', job(id), 'finished_at')
    redis.call('ZADD', p .. ':delayed', ARGV[1], id)
    count = count + 1
  end
end
return count
"""
)

# ARGV: the ids.
DROP: Final = (
    _COMMON
    + """
local count = 0
for _, id in ipairs(ARGV) do
  local status = redis.call('HGET', job(id), 'status')
  if status and status ~= 'running' then
    forget(id)
    count = count + 1
  end
end
return count
"""
)
