{{/* An image's reference: by digest when one is given. Call with the `image` block. */}}
{{- define "openmrs.image" -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag }}
{{- end -}}
{{- end }}

{{/* Labels of every object. Call with (dict "root" $ "app" NAME). */}}
{{- define "openmrs.labels" -}}
app.kubernetes.io/name: {{ .app }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/part-of: openmrs
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* What no backup takes: the recovery site installs it anew, from this chart. */}}
{{- define "openmrs.excluded" -}}
velero.io/exclude-from-backup: "true"
{{- end }}

{{/*
Pod Security "restricted". Call with the `user` block: the group owns the volumes, so that
what one pod wrote another of the same user reads, and a restored volume too.
*/}}
{{- define "openmrs.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .uid }}
  runAsGroup: {{ .gid }}
  fsGroup: {{ .gid }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "openmrs.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: {{ . }}
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "openmrs.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
{{- end }}
