{{/* Plain settings as name: text; what is empty is left to the builder's default. */}}
{{- define "builder.plainEnv" -}}
{{- $v := .Values -}}
{{- $google := include "builder.google" . | fromJson -}}
{{- $env := dict
  "ENVIRONMENT" $v.environment
  "DEPLOY_TAG" (include "builder.text" $v.infrastructure.tag)
  "CHART_SOURCE" $v.infrastructure.source
  "CHART_PATH" $v.infrastructure.path
  "DELETE_EXISTING" (include "builder.text" $v.deleteExisting)
  "STRICT_ERROR_CHECKING" (include "builder.text" $v.strictErrorChecking)
  "DATA_CONFIG_PATH" $v.dataConfig
  "G_PROJECT" $google.project
  "G_USER" $google.user
  "G_CLUSTER" $google.cluster
  "G_REGION" $google.region
  "G_ZONE" $google.zone
  "RELEASE_ROLE" (include "builder.releaseRole" .)
  "HOME" "/tmp"
-}}
{{- if or $v.sa.deployer $v.sa.existingSecret -}}
{{- $_ := set $env "G_SERVICE_ACCOUNT" "/tmp/secrets/service-account.json" -}}
{{- $_ := set $env "GOOGLE_APPLICATION_CREDENTIALS" "/tmp/secrets/service-account.json" -}}
{{- end -}}
{{- if $v.infrastructure.sshKey.existingSecret }}{{- $_ := set $env "GIT_SSH_KEY_FILE" "/tmp/secrets/git-ssh-key" -}}{{- end -}}
{{- if $v.infrastructure.token.existingSecret }}{{- $_ := set $env "GIT_TOKEN_FILE" "/tmp/secrets/git-token" -}}{{- end -}}
{{- if $v.infrastructure.registry.existingSecret }}{{- $_ := set $env "HELM_REGISTRY_CONFIG" "/tmp/secrets/registry.json" -}}{{- end -}}
{{- if $v.metrics.port }}{{- $_ := set $env "METRICS_PORT" (toString (int $v.metrics.port)) -}}{{- end -}}
{{- range $name, $value := $v.settings -}}
{{- $_ := set $env $name (include "builder.text" $value) -}}
{{- end -}}
{{- $names := keys $env -}}
{{- range $v.extraEnv }}{{- $names = append $names .name -}}{{- end -}}
{{- $names = $names | join "," | upper | splitList "," -}}
{{- if and (or (has "HTTPS_PROXY" $names) (has "HTTP_PROXY" $names)) (not (has "NO_PROXY" $names)) -}}
{{- /* Helm asks the API server by its address; the kubelet puts it in here. */ -}}
{{- $_ := set $env "NO_PROXY" ".svc,.cluster.local,$(KUBERNETES_SERVICE_HOST)" -}}
{{- end -}}
{{- toJson $env -}}
{{- end }}

{{/* What comes out of Secrets, as name: {name, key, optional}. */}}
{{- define "builder.secretEnv" -}}
{{- $v := .Values -}}
{{- $own := include "builder.secretData" . | fromJson -}}
{{- $env := dict -}}
{{- range $name := concat (list "API_PASSWORD" "NOTIFY_WEBHOOK_URL") (include "builder.secretUrls" . | fromJson | keys) -}}
{{- $key := include "builder.secretKey" $name -}}
{{- if hasKey $own $key }}{{- $_ := set $env $name (dict "name" "builder-secrets" "key" $key) -}}{{- end -}}
{{- end -}}
{{- if $v.existingSecret }}{{- $_ := set $env "API_PASSWORD" (dict "name" $v.existingSecret "key" $v.existingSecretKeys.apiPassword "optional" true) -}}{{- end -}}
{{- if $v.notify.existingSecret }}{{- $_ := set $env "NOTIFY_WEBHOOK_URL" (dict "name" $v.notify.existingSecret "key" $v.notify.key) -}}{{- end -}}
{{- toJson $env -}}
{{- end }}

{{- define "builder.env" }}
{{- $secret := include "builder.secretEnv" . | fromJson -}}
{{- $fields := dict "BUILDER_NAMESPACE" "metadata.namespace" "POD_NAME" "metadata.name" "SERVICE_ACCOUNT" "spec.serviceAccountName" "JOB_NAME" "metadata.labels['batch.kubernetes.io/job-name']" "JOB_UID" "metadata.labels['batch.kubernetes.io/controller-uid']" -}}
{{- $extra := list -}}
{{- range .Values.extraEnv }}{{- $extra = append $extra .name -}}{{- end -}}
{{- range $name, $path := $fields }}
{{- if not (has $name $extra) }}
- name: {{ $name }}
  valueFrom: { fieldRef: { apiVersion: v1, fieldPath: {{ $path | quote }} } }
{{- end }}
{{- end }}
{{- range $name, $value := include "builder.plainEnv" . | fromJson }}
{{- if and $value (not (has $name $extra)) (not (hasKey $secret $name)) }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- range $name, $ref := $secret }}
{{- if not (has $name $extra) }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: {{ toJson $ref }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
