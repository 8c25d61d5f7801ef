{{/* The pod of one verb: (dict "root" $ "verb" "abort"). No verb: run. */}}
{{- define "builder.podTemplate" -}}
{{- $v := .root.Values -}}
{{- $annotations := dict "cluster-autoscaler.kubernetes.io/safe-to-evict" "false" "checksum/config" (include "builder.configData" .root | sha256sum) }}
metadata:
  {{- include "builder.metadata" (dict "root" .root "labels" $v.podLabels "annotations" (mergeOverwrite $annotations $v.podAnnotations) "own" (dict "app.kubernetes.io/component" (.verb | default "run"))) | nindent 2 }}
spec:
  {{- include "builder.podSpec" . | nindent 2 }}
{{- end }}

{{- define "builder.podSpec" -}}
{{- $v := .root.Values -}}
restartPolicy: Never
serviceAccountName: {{ $v.serviceAccount.name }}
automountServiceAccountToken: true
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $v.terminationGracePeriodSeconds }}
{{- range $field := list "priorityClassName" "dnsPolicy" }}
{{- with get $v $field }}
{{ $field }}: {{ . }}
{{- end }}
{{- end }}
{{- range $field := list "imagePullSecrets" "nodeSelector" "affinity" "tolerations" "dnsConfig" "hostAliases" }}
{{- with get $v $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
securityContext:
  {{- toYaml $v.podSecurityContext | nindent 2 }}
containers:
  - name: powo-builder
    image: {{ include "builder.image" .root | quote }}
    imagePullPolicy: {{ $v.image.pullPolicy }}
    {{- with .verb }}
    args: [{{ . }}]
    {{- end }}
    env:
      {{- include "builder.env" .root | nindent 6 }}
    {{- with $v.envFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- if and $v.metrics.port (has (.verb | default "run") (list "run" "retry")) }}
    ports:
      - { name: metrics, containerPort: {{ int $v.metrics.port }}, protocol: TCP }
    {{- end }}
    resources:
      {{- toYaml $v.resources | nindent 6 }}
    securityContext:
      {{- toYaml $v.securityContext | nindent 6 }}
    terminationMessagePath: /dev/termination-log
    terminationMessagePolicy: FallbackToLogsOnError
    volumeMounts:
      - { name: tmp, mountPath: /tmp }
      - { name: secrets, mountPath: /tmp/secrets, readOnly: true }
      - { name: config, mountPath: /config, readOnly: true }
      {{- if $v.infrastructure.knownHosts }}
      - { name: config, mountPath: /etc/ssh/ssh_known_hosts, subPath: known_hosts, readOnly: true }
      {{- end }}
      {{- with $v.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: { sizeLimit: {{ $v.tmpSizeLimit }} }
  - name: config
    projected:
      defaultMode: 0444
      sources:
        - configMap: { name: builder-config }
        {{- if include "builder.configIsSecret" .root }}
        - secret: { name: builder-secrets, items: [{ key: builder.yaml, path: builder.yaml, mode: 0440 }] }
        {{- end }}
  - name: secrets
    projected:
      defaultMode: 0440
      sources:
        {{- include "builder.secretSources" .root | nindent 8 }}
  {{- with $v.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* /tmp/secrets: the original's file names, whichever Secret each comes from. */}}
{{- define "builder.secretSources" -}}
{{- $v := .Values -}}
{{- $files := list
  (list ($v.existingSecret | default "builder-secrets") (ternary $v.existingSecretKeys.secretsFile "secrets.yaml" (ne $v.existingSecret "")) "secrets.yaml")
-}}
{{- if $v.sa.existingSecret -}}
{{- $files = append $files (list $v.sa.existingSecret $v.sa.key "service-account.json") -}}
{{- else if $v.sa.deployer -}}
{{- $files = append $files (list "builder-secrets" "service-account.json" "service-account.json") -}}
{{- end -}}
{{- with $v.infrastructure.sshKey }}{{ if .existingSecret }}{{ $files = append $files (list .existingSecret .key "git-ssh-key") }}{{ end }}{{ end -}}
{{- with $v.infrastructure.token }}{{ if .existingSecret }}{{ $files = append $files (list .existingSecret .key "git-token") }}{{ end }}{{ end -}}
{{- with $v.infrastructure.registry }}{{ if .existingSecret }}{{ $files = append $files (list .existingSecret .key "registry.json") }}{{ end }}{{ end -}}
{{- range $files }}
- secret:
    name: {{ index . 0 }}
    items: [{ key: {{ index . 1 | quote }}, path: {{ index . 2 }} }]
{{- end }}
{{- end }}
