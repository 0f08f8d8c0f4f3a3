/**
 * KEYS: the buckets of all hits. ARGV: of each hit how many buckets it has, then of each bucket its step (microseconds) and its limit.
 * Answers of each hit 1 or 0, then of each of its buckets the microseconds until it is full again. The time is that of Redis, so all instances
 * agree on it; `%.0f`, because Lua would round a number of 16 digits.
 */
export const takeScript = `
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local said, key, arg = {}, 1, 1
  while ARGV[arg] do
    local count = tonumber(ARGV[arg])
    local allowed, debts = 1, {}
    for i = 1, count do
      local step, limit = tonumber(ARGV[arg + 2 * i - 1]), tonumber(ARGV[arg + 2 * i])
      local full_at = tonumber(redis.call('GET', KEYS[key + i - 1]) or now)
      debts[i] = math.min(math.max(full_at - now, 0), step * limit)
      if debts[i] + step > step * limit then allowed = 0 end
    end
    said[#said + 1] = allowed
    for i = 1, count do
      if allowed == 1 then
        debts[i] = debts[i] + tonumber(ARGV[arg + 2 * i - 1])
        redis.call('SET', KEYS[key + i - 1], string.format('%.0f', now + debts[i]), 'PX', math.ceil(debts[i] / 1000))
      end
      said[#said + 1] = debts[i]
    end
    key = key + count
    arg = arg + 1 + 2 * count
  end
  return said
`;

/** KEYS: the living instances by when they last said so. ARGV: who says so now, and the milliseconds that this is worth. Answers how many live. */
export const beatScript = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZADD', KEYS[1], now, ARGV[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return redis.call('ZCARD', KEYS[1])
`;
