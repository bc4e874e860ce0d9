{{- define "velero.labels" -}}
app.kubernetes.io/name: velero
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
component: velero
{{- end }}

{{/* Where the store's keys are. */}}
{{- define "velero.keys" -}}
- {name: AWS_SHARED_CREDENTIALS_FILE, value: /credentials/cloud}
{{- end }}

{{/* Only Linux: node agents of other systems are another DaemonSet. */}}
{{- define "velero.linux" -}}
nodeSelector: {kubernetes.io/os: linux}
{{- end }}
