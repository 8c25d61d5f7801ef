{{/* Is a namespace this environment's? `ns` is the CEL expression that yields it. A namespace with nothing
     but the labels Kubernetes and `helm --create-namespace` give may be the original builder's. */}}
{{- define "builder.celLabelled" -}}
({{ .ns }}.metadata.?labels[?"powo.kew.org/environment"].orValue("") == "{{ .env }}" && {{ .ns }}.metadata.?labels[?"app.kubernetes.io/managed-by"].orValue("") == "powo-builder")
{{- end }}
{{- define "builder.celOurs" -}}
{{ include "builder.celLabelled" . }}
{{- if .adopt }} || {{ .ns }}.metadata.?labels.orValue({}).all(k, k in ["kubernetes.io/metadata.name", "name"] || k.startsWith("pod-security.kubernetes.io/")){{ end }}
{{- end }}
{{- define "builder.celKept" -}}
{{ .ns }}.metadata.?annotations[?"powo.kew.org/keep"].hasValue()
{{- end }}
