{{/* What values.schema.json can't say: values that are missing or don't go together. All at once. */}}
{{- define "builder.validate" -}}
{{- $v := .Values -}}
{{- $google := include "builder.google" . | fromJson -}}
{{- $p := list -}}
{{- $given := list -}}
{{- range $v.extraEnv }}{{ $given = append $given .name }}{{ end -}}
{{- if not (or $v.dataConfig (has "DATA_CONFIG_PATH" $given)) }}{{ $p = append $p "dataConfig: missing; the URL of the data configuration" }}{{ end -}}
{{- if not (or $google.project (has "G_PROJECT" $given)) }}{{ $p = append $p "project: missing; the Google Cloud project of the DNS zones" }}{{ end -}}
{{- if and (not $v.password) (not $v.existingSecret) }}{{ $p = append $p "password: missing; the release's passwords (password.harvester …), or existingSecret" }}{{ end -}}
{{- if and $v.password $v.existingSecret }}{{ $p = append $p "password, existingSecret: give one of them" }}{{ end -}}
{{- if and $v.sa.deployer $v.sa.existingSecret }}{{ $p = append $p "sa.deployer, sa.existingSecret: give one of them" }}{{ end -}}
{{- if and $v.workloadIdentity (or $v.sa.deployer $v.sa.existingSecret) }}{{ $p = append $p "workloadIdentity: a key (sa) would override it; give one of them" }}{{ end -}}
{{- if and $v.workloadIdentity (not $google.user) }}{{ $p = append $p "user: missing; the Google service account that workloadIdentity stands for" }}{{ end -}}
{{- if and (kindIs "string" $v.sa.deployer) $v.sa.deployer (hasKey (fromJson $v.sa.deployer) "Error") }}{{ $p = append $p "sa.deployer: not a service-account key in JSON" }}{{ end -}}
{{- if and $v.notify.webhookUrl $v.notify.existingSecret }}{{ $p = append $p "notify.webhookUrl, notify.existingSecret: give one of them" }}{{ end -}}
{{- if and $v.infrastructure.sshKey.existingSecret $v.infrastructure.token.existingSecret }}{{ $p = append $p "infrastructure.sshKey, infrastructure.token: give one of them" }}{{ end -}}
{{- if and $v.metrics.podMonitor.enabled (not $v.metrics.port) }}{{ $p = append $p "metrics.port: missing; metrics.podMonitor needs it" }}{{ end -}}
{{- if and $v.metrics.podMonitoring.enabled (not $v.metrics.port) }}{{ $p = append $p "metrics.port: missing; metrics.podMonitoring needs it" }}{{ end -}}
{{- if and $v.metrics.rules.enabled (not $v.metrics.port) }}{{ $p = append $p "metrics.port: missing; metrics.rules need it" }}{{ end -}}
{{- if and $v.metrics.dashboard.enabled (not $v.metrics.port) }}{{ $p = append $p "metrics.port: missing; metrics.dashboard needs it" }}{{ end -}}
{{- if not (or $v.admissionPolicies.enabled $v.admissionPolicies.acceptRisk) }}{{ $p = append $p "admissionPolicies: they are switched off, and without them the builder's ServiceAccount may delete any namespace and make privileged pods in those it binds itself to; if you know and accept that, set admissionPolicies.acceptRisk: true" }}{{ end -}}
{{- $names := list -}}
{{- range $i, $d := $v.dns -}}
{{- if has $d.name $names }}{{ $p = append $p (printf "dns[%d].name: %s appears twice" $i $d.name) }}{{ end -}}
{{- $names = append $names $d.name -}}
{{- end -}}
{{- if regexMatch (printf "^%s-[a-z0-9]{5}$" $v.environment) .Release.Namespace }}{{ $p = append $p (printf "namespace %s: looks like a release of environment %s, which the builder deletes; install elsewhere (builder-%s)" .Release.Namespace $v.environment $v.environment) }}{{ end -}}
{{- if $p }}
{{- fail (printf "\n\nvalues: %d problem%s, nothing was installed\n  %s\n" (len $p) (eq (len $p) 1 | ternary "" "s") (join "\n  " $p)) }}
{{- end }}
{{- end }}
