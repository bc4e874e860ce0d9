{{- define "cluster.corefile" -}}
.:53 {
  errors
  health
  ready
  kubernetes cluster.local in-addr.arpa
  cache 5
}
{{- end }}
