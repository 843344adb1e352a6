-- The health of an ElasticWebBenchmark, by its conditions Complete and Stalled.
local health = { status = "Progressing", message = "Waiting for the operator to look at the spec" }
if obj.status == nil or obj.status.conditions == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health
end
-- A request for another run changes no generation. The status holds the hash of a long one, with which it cannot be compared.
local asked, run = (obj.metadata.annotations or {})["elasticweb.example.com/rerun"] or "", obj.status.run
local isAskedAnew = run ~= nil and #asked <= 64 and asked ~= (run.rerun or "")
for _, condition in ipairs(obj.status.conditions) do
  if isAskedAnew and (condition.type == "Complete" and condition.status == "True" or condition.reason == "NothingMeasured") then
    return health
  end
  if condition.type == "Stalled" and condition.status == "True" then
    return { status = "Degraded", message = condition.reason .. ": " .. condition.message }
  end
  if condition.type == "Complete" then
    health.message = condition.reason .. ": " .. condition.message
    if condition.status == "True" then
      health.status = "Healthy"
    end
  end
end
return health
