{{/* After how many seconds without a rebuild one is late: metrics.rules.lateAfter, else by the schedule's day fields. */}}
{{- define "builder.lateSeconds" -}}
{{- $given := .Values.metrics.rules.lateAfter -}}
{{- if not $given -}}
{{- $fields := regexSplit "\\s+" (trim .Values.schedule) -1 -}}
{{- $everyDay := list "*" "?" "*/1" -}}
{{- if or (has (first $fields) (list "@monthly" "@yearly" "@annually")) (and (eq (len $fields) 5) (not (has (index $fields 2) $everyDay))) -}}
{{- $given = "40d" -}}
{{- else if or (eq (first $fields) "@weekly") (and (eq (len $fields) 5) (not (has (index $fields 4) $everyDay))) -}}
{{- $given = "9d" -}}
{{- else -}}
{{- $given = "4d" -}}
{{- end -}}
{{- end -}}
{{- $unit := get (dict "h" 3600 "d" 86400 "w" 604800) (trimAll "0123456789" $given) -}}
{{- mul (int (regexFind "[0-9]+" $given)) $unit -}}
{{- end }}

{{/* Series of this namespace: (dict "root" $ "metric" "kube_job_failed" "where" `condition="true"`). */}}
{{- define "builder.series" -}}
{{ .metric }}{namespace={{ .root.Release.Namespace | quote }}{{ with .where }}, {{ . }}{{ end }}}
{{- end }}

{{/* Jobs that carry a run, started by the clock or by hand; verbs do not count. */}}
{{- define "builder.runJobs" -}}
{{ include "builder.series" (dict "root" . "metric" "kube_job_owner" "where" `owner_kind="CronJob", owner_name=~"builder|builder-retry"`) }}
{{- end }}

{{/*
When a rebuild last ended well. The CronJob knows it of its own Jobs; what Jobs started by hand and the builder's pod tell goes with
them, so the record holds on to itself.
*/}}
{{- define "builder.lastSuccess" -}}
max(
  {{ include "builder.series" (dict "root" . "metric" "kube_cronjob_status_last_successful_time" "where" `cronjob="builder"`) }}
  or (
    {{ include "builder.series" (dict "root" . "metric" "kube_job_status_completion_time") }}
    and on (job_name) {{ include "builder.runJobs" . }}
  )
  or {{ include "builder.series" (dict "root" . "metric" "powo_builder_last_success_timestamp_seconds") }}
  or last_over_time({{ include "builder.record" (dict "root" . "name" "last_success") }}[2h])
)
{{- end }}

{{/* When each Job was last seen at work, while it is there; of one that ended between two looks, when it started. */}}
{{- define "builder.lastActive" -}}
max by (job_name) (
  timestamp({{ include "builder.series" (dict "root" . "metric" "kube_job_status_active") }} > 0)
  or last_over_time({{ include "builder.record" (dict "root" . "name" "job_last_active") }}[2h])
  or {{ include "builder.series" (dict "root" . "metric" "kube_job_status_start_time") }}
)
and on (job_name) {{ include "builder.runJobs" . }}
{{- end }}

{{/* What the group itself records: (dict "root" $ "name" "last_success"). */}}
{{- define "builder.record" -}}
{{ include "builder.series" (dict "root" .root "metric" (printf "powo_builder:%s_timestamp_seconds" .name)) }}
{{- end }}

{{/*
A Job failed for good (condition Failed: pods that failed and were replaced do not count), and nothing has ended well since. A Job that
only joined the run ended well before.
*/}}
{{- define "builder.failed" -}}
max(
  {{ include "builder.record" (dict "root" . "name" "job_last_active") }}
  and on (job_name) {{ include "builder.series" (dict "root" . "metric" "kube_job_failed" "where" `condition="true"`) }} == 1
)
> (max({{ include "builder.record" (dict "root" . "name" "last_success") }}) or vector(0))
{{- end }}

{{/* Nothing has ended well for too long, or one run takes that long: Jobs that only join it end well meanwhile. */}}
{{- define "builder.late" -}}
{{- $seconds := include "builder.lateSeconds" . -}}
(
  time() - max(
    {{ include "builder.record" (dict "root" . "name" "last_success") }}
    or {{ include "builder.series" (dict "root" . "metric" "kube_cronjob_created" "where" `cronjob="builder"`) }}
  ) > {{ $seconds }}
  unless on () {{ include "builder.series" (dict "root" . "metric" "kube_cronjob_spec_suspend" "where" `cronjob="builder"`) }} == 1
)
or time() - min(
  {{ include "builder.series" (dict "root" . "metric" "powo_builder_run_start_timestamp_seconds") }}
  or (
    {{ include "builder.series" (dict "root" . "metric" "kube_job_status_start_time") }}
    and on (job_name) {{ include "builder.series" (dict "root" . "metric" "kube_job_status_active") }} > 0
    and on (job_name) {{ include "builder.runJobs" . }}
  )
) > {{ $seconds }}
{{- end }}

{{/* No job ended, and none read a record, while a list is loaded. */}}
{{- define "builder.stalled" -}}
{{ include "builder.series" (dict "root" . "metric" "powo_builder_step" "where" `step="await-harvest"`) }} == 1
and on (pod) (changes({{ include "builder.series" (dict "root" . "metric" "powo_builder_harvest_jobs_ended") }}[15m]) == 0)
unless on (pod) (changes({{ include "builder.series" (dict "root" . "metric" "powo_builder_harvest_job_records") }}[15m]) > 0)
{{- end }}

{{/* The group's rules. Of an alert: name, expression, how long it must hold, severity, and what it tells. */}}
{{- define "builder.rules" -}}
{{- $rules := .Values.metrics.rules -}}
{{- $env := .Values.environment -}}
{{- $seconds := include "builder.lateSeconds" . | int -}}
{{- $time := printf "%d hours" (div $seconds 3600) -}}
{{- if eq 0 (mod $seconds 86400) }}{{ $time = printf "%d days" (div $seconds 86400) }}{{ end -}}
{{- $alerts := list
  (list "PowoRebuildFailed" (include "builder.failed" .) "0m" $rules.severity (printf "A rebuild of %s failed, and none has succeeded since; what was live still is." $env))
  (list "PowoRebuildLate" (include "builder.late" .) "0m" $rules.severity (printf "No rebuild of %s has gone live for %s." $env $time))
  (list "PowoHarvestStalled" (include "builder.stalled" .) "4h" $rules.severity (printf "The harvest of %s has made no progress for four hours." $env))
  (list "PowoWaitsForApproval" (printf "%s == 1" (include "builder.series" (dict "root" . "metric" "powo_builder_waiting_approval"))) "2h" "info" (printf "A rebuild of %s waits for an approval." $env))
-}}
{{- if not .Values.suspend -}}
{{- $alerts = append $alerts (list "PowoRebuildSuspended" (printf "%s == 1" (include "builder.series" (dict "root" . "metric" "kube_cronjob_spec_suspend" "where" `cronjob="builder"`))) (printf "%ss" (include "builder.lateSeconds" .)) "info" (printf "Rebuilds of %s have been suspended by hand for %s." $env $time)) -}}
{{- end -}}
{{- range $name, $expression := dict "last_success" (include "builder.lastSuccess" .) "job_last_active" (include "builder.lastActive" .) }}
- record: powo_builder:{{ $name }}_timestamp_seconds
  expr: |-
    {{- $expression | nindent 4 }}
  labels: { namespace: {{ $.Release.Namespace }} }
{{- end }}
{{- range $alerts }}
- alert: {{ index . 0 }}
  expr: |-
    {{- index . 1 | nindent 4 }}
  {{- if ne (index . 2) "0m" }}
  for: {{ index . 2 }}
  {{- end }}
  labels: { severity: {{ index . 3 }}, environment: {{ $env | quote }} }
  annotations:
    summary: {{ index . 4 | quote }}
    runbook_url: {{ printf "%s#%s" $rules.runbook (index . 0 | lower) | quote }}
{{- end }}
{{- with $rules.extra }}
{{ toYaml . }}
{{- end }}
{{- end }}
