{{/* Is a namespace this environment's? `ns` is the CEL expression that yields it. One that carries neither our labels nor any
     manager's may be the original builder's. That it holds every mapped Service can't be seen here, so it must carry nothing
     but the labels Kubernetes and `helm --create-namespace` give: never more than the builder itself takes for its own. */}}
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
