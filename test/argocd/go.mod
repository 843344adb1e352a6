// A module of its own, so that the operator does not depend on a Lua engine.
module github.com/elasticweb/elasticweb-operator/test/argocd

go 1.26.0

replace github.com/elasticweb/elasticweb-operator => ../..

require (
	github.com/elasticweb/elasticweb-operator v0.0.0-00010101000000-000000000000
	github.com/yuin/gopher-lua v1.1.2
	sigs.k8s.io/yaml v1.6.0
)

require go.yaml.in/yaml/v2 v2.4.4 // indirect
