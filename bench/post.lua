-- Sends the requests that a file holds, each once: path, headers, an empty line, then one body a line; before each
-- body stand its own value of the header BENCH_SIGNED and a tab, where one is named.
-- Without a file it asks for the address on the command line. Says what happened as JSON after "BENCH ".

local threads = {}
local requests = {}
local at = 0
wrapped = 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local name = os.getenv("BENCH_BODIES")
  if not name then
    return
  end
  local file = assert(io.open(name, "rb"))
  local path = file:read("*l")
  for line in file:lines() do
    if line == "" then break end
    local key, value = line:match("^([^:]+): (.*)$")
    wrk.headers[key] = value
  end
  local signed = os.getenv("BENCH_SIGNED") or ""
  for body in file:lines() do
    if signed ~= "" then
      local value, rest = body:match("^([^\t]*)\t(.*)$")
      wrk.headers[signed] = value
      body = rest
    end
    table.insert(requests, wrk.format("POST", path, wrk.headers, body))
  end
  file:close()
end

function request()
  if #requests == 0 then
    return wrk.format()
  end
  at = at + 1
  if at > #requests then
    at = 1
    if os.getenv("BENCH_AGAIN") ~= "1" then wrapped = 1 end
  end
  return requests[at]
end

function done(summary, latency)
  local repeated = 0
  for _, thread in ipairs(threads) do repeated = repeated + thread:get("wrapped") end
  io.write(string.format(
    'BENCH {"requests": %d, "seconds": %.6f, "p50": %d, "p99": %d, "bad": %d, "lost": %d, "wrapped": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout, repeated))
end
