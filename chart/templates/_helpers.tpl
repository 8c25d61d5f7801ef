{{/*
Labels and annotations of an object: (dict "root" $ "labels" … "annotations" … "own" …). What is common comes first, what the
values give for this object next; the chart's own wins, so that its selectors find what they look for. No key is there twice.
*/}}
{{- define "builder.metadata" -}}
{{- $v := .root.Values -}}
labels:
  {{- $own := mergeOverwrite (include "builder.ownLabels" .root | fromYaml) (.own | default dict) }}
  {{- mergeOverwrite (dict) $v.commonLabels (.labels | default dict) $own | toYaml | nindent 2 }}
{{- with mergeOverwrite (dict) $v.commonAnnotations (.annotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "builder.ownLabels" -}}
{{ include "builder.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "builder.selector" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default "powo-builder" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Where Google's zones and cluster are. Values files of the original for prod and uat build on what its own values.yaml said. */}}
{{- define "builder.google" -}}
{{- $google := pick .Values "project" "user" "cluster" "region" "zone" -}}
{{- if has .Values.environment (list "prod" "uat") -}}
{{- $original := dict "project" "powop-1349" "user" "deployer@powop-1349.iam.gserviceaccount.com" "cluster" "powo-dev" "region" "europe-west1-d" "zone" "europe-west1-d" -}}
{{- range $key, $value := $original }}{{ if not (get $google $key) }}{{ $_ := set $google $key $value }}{{ end }}{{ end -}}
{{- end -}}
{{- toJson $google -}}
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

{{/* The published chart knows the digest of its image (an annotation of Chart.yaml, written by the pipeline). */}}
{{- define "builder.image" -}}
{{- $image := .Values.image -}}
{{- $tag := $image.tag | default .Values.builder.tag -}}
{{- $own := index .Chart.Annotations "powo.kew.org/image-digest" -}}
{{- if or $image.digest (and $own (not $tag)) -}}
{{ $image.repository }}@{{ $image.digest | default $own }}
{{- else -}}
{{ $image.repository }}:{{ include "builder.text" ($tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end }}

{{/* A value as text; numbers as they were written (20261122, not 2.0261122e+07). */}}
{{- define "builder.text" -}}
{{- if kindIs "string" . }}{{ . }}{{ else if kindIs "slice" . }}{{ join "," . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end }}

{{/* Does a login or a token stand in this URL? Then it goes into the Secret: whoever may view CronJobs can read their variables. */}}
{{- define "builder.hasCredentials" -}}
{{- if regexMatch "^([A-Za-z+]*ssh://)?[^:/@?]*@[^?]*$" . -}}
{{- /* The plain user of an ssh URL is no secret. */ -}}
{{- else if regexMatch "://[^\\s\"']*[@?]|^[^/?]*:[^/?]*@" . }}true{{ end -}}
{{- end }}

{{/* The plain settings that hold a URL with a login, as name: text. */}}
{{- define "builder.secretUrls" -}}
{{- $urls := dict -}}
{{- range $name, $value := include "builder.plainEnv" . | fromJson -}}
{{- if and $value (include "builder.hasCredentials" $value) }}{{ $_ := set $urls $name $value }}{{ end -}}
{{- end -}}
{{- toJson $urls -}}
{{- end }}

{{/* Does builder.yaml hold a URL with a login or token? Then all of it goes into the Secret. */}}
{{- define "builder.configIsSecret" -}}
{{- range $line := splitList "\n" (toYaml .Values.config) -}}
{{- include "builder.hasCredentials" (regexReplaceAll "^[^:]*: *" $line "" | trimAll "\"'") -}}
{{- end -}}
{{- end }}

{{/* DATA_CONFIG_PATH → data-config-path. */}}
{{- define "builder.secretKey" -}}
{{ . | lower | replace "_" "-" }}
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
{{- if include "builder.configIsSecret" . }}{{- $_ := set $data "builder.yaml" (toYaml .Values.config | printf "%s\n") -}}{{- end -}}
{{- range $name, $url := include "builder.secretUrls" . | fromJson }}{{- $_ := set $data (include "builder.secretKey" $name) $url -}}{{- end -}}
{{- toJson $data -}}
{{- end }}

{{/* The ConfigMap that is mounted at /config, as key: text. */}}
{{- define "builder.configData" -}}
{{- $data := dict "dns-mappings.yaml" (toYaml (dict "dns" .Values.dns) | printf "%s\n") -}}
{{- if not (include "builder.configIsSecret" .) -}}
{{- with .Values.config }}{{- $_ := set $data "builder.yaml" (toYaml . | printf "%s\n") -}}{{- end -}}
{{- end -}}
{{- with .Values.infrastructure.knownHosts }}{{- $_ := set $data "known_hosts" (printf "%s\n" (trimSuffix "\n" .)) -}}{{- end -}}
{{- toJson $data -}}
{{- end }}
