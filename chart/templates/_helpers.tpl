{{- define "builder.labels" -}}
app.kubernetes.io/name: powo-builder
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "builder.selector" -}}
app.kubernetes.io/name: powo-builder
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* What this chart installs for the whole cluster is named after the environment: a second release
     for the same environment is refused by Helm. */}}
{{- define "builder.clusterName" -}}
powo-builder-{{ .Values.environment }}
{{- end }}

{{/* The role for the whole cluster: no environment's name has a dot, so it is never another one's releaseRole. */}}
{{- define "builder.clusterRole" -}}
{{ include "builder.clusterName" . }}.cluster
{{- end }}

{{- define "builder.releaseRole" -}}
powo-builder-{{ .Values.environment }}-release
{{- end }}

{{- define "builder.user" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ .Values.serviceAccount.name }}
{{- end }}

{{- define "builder.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ include "builder.text" ($image.tag | default .Values.builder.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end }}

{{/* A value as text; numbers as they were written (20261122, not 2.0261122e+07). */}}
{{- define "builder.text" -}}
{{- if kindIs "string" . }}{{ . }}{{ else if kindIs "slice" . }}{{ join "," . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end }}

{{/* Is there a password in this URL? Then it goes into the Secret. */}}
{{- define "builder.hasCredentials" -}}
{{- if regexMatch "^[a-z+]+://[^/@]*:[^/@]*@" . }}true{{ end -}}
{{- end }}

{{/* The Secret this chart makes, as key: text. */}}
{{- define "builder.secretData" -}}
{{- $data := dict -}}
{{- with .Values.password -}}
{{- $_ := set $data "secrets.yaml" (toYaml (dict "password" .) | printf "%s\n") -}}
{{- if hasKey . "harvester" }}{{- $_ := set $data "api-password" (include "builder.text" .harvester) -}}{{- end -}}
{{- end -}}
{{- with .Values.sa.deployer -}}
{{- $_ := set $data "service-account.json" (kindIs "string" . | ternary . (toJson .)) -}}
{{- end -}}
{{- with .Values.notify.webhookUrl }}{{- $_ := set $data "notify-webhook-url" . -}}{{- end -}}
{{- if include "builder.hasCredentials" .Values.dataConfig }}{{- $_ := set $data "data-config-path" .Values.dataConfig -}}{{- end -}}
{{- if include "builder.hasCredentials" .Values.infrastructure.source }}{{- $_ := set $data "chart-source" .Values.infrastructure.source -}}{{- end -}}
{{- toJson $data -}}
{{- end }}

{{/* The ConfigMap that is mounted at /config, as key: text. */}}
{{- define "builder.configData" -}}
{{- $data := dict "dns-mappings.yaml" (toYaml (dict "dns" .Values.dns) | printf "%s\n") -}}
{{- with .Values.config }}{{- $_ := set $data "builder.yaml" (toYaml . | printf "%s\n") -}}{{- end -}}
{{- with .Values.infrastructure.knownHosts }}{{- $_ := set $data "known_hosts" (printf "%s\n" (trimSuffix "\n" .)) -}}{{- end -}}
{{- toJson $data -}}
{{- end }}
