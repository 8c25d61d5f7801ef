/** The page's looks: one column on a phone, light and dark by what the reader prefers, plain on paper. */
export const style = `
:root{color-scheme:light dark;--paper:#fff;--card:#f6f7f5;--line:#d9ddd6;--text:#1c211b;--soft:#59635a;
--good:#2f7d46;--bad:#b3261e;--note:#8a5a00;--calm:#3f6db3;--track:#e7eae4}
@media (prefers-color-scheme:dark){:root{--paper:#141714;--card:#1d211d;--line:#353c35;--text:#e6eae4;--soft:#a0aaa0;
--good:#6fc386;--bad:#ff8a80;--note:#e5b04c;--calm:#8db4f0;--track:#2a302a}}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:68rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.6rem;line-height:1.25;margin:.35rem 0 .5rem}h2{font-size:1.1rem;margin:2.25rem 0 .6rem}h3{font-size:1rem;margin:1.2rem 0 .4rem}
p{margin:.4rem 0}.over{color:var(--soft);margin:0;overflow-wrap:anywhere}
.badge{display:inline-block;padding:.05rem .6rem;border-radius:1rem;border:1.5px solid;font-weight:600;font-size:.9rem}
.note,.badge{color:var(--note)}.good,.succeeded,.done{color:var(--good)}.bad,.failed,.rolled-back{color:var(--bad)}.calm,.running{color:var(--calm)}.soft,.skipped{color:var(--soft)}.lead{font-size:1.05rem;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.6rem;margin:1.2rem 0 0;padding:0;list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.6rem .8rem}
.tiles b{display:block;font-size:1.25rem;line-height:1.3;font-variant-numeric:tabular-nums}.tiles span{display:block;color:var(--soft);font-size:.85rem}
.why{border:1px solid var(--line);border-left:4px solid var(--bad);border-radius:.4rem;padding:.6rem .9rem;background:var(--card)}
.old{max-height:0;overflow:hidden;margin:0;color:var(--bad);animation:old 0s 60s forwards}@keyframes old{to{max-height:20rem;margin-bottom:.6rem}}
.go{margin:.2rem 0 .8rem}.said{border-left-color:var(--note);margin:1rem 0}
pre,code{margin:.5rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere;font:.82rem/1.45 ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace}
code{-webkit-user-select:all;user-select:all;background:var(--card);border:1px solid var(--line);border-radius:.3rem;padding:.1rem .35rem;-webkit-box-decoration-break:clone;box-decoration-break:clone}
.row{display:grid;grid-template:"what track took"/10rem 1fr 9rem;gap:0 .8rem;align-items:center;margin:.3rem 0;break-inside:avoid}
.what{grid-area:what;overflow-wrap:anywhere}.row>.track,.row>.axis{grid-area:track}
.took{grid-area:took;white-space:nowrap;text-align:right;font-variant-numeric:tabular-nums;color:var(--soft);font-size:.9rem}
.track{position:relative;height:1.1rem;background:var(--track);border-radius:.25rem;overflow:hidden}
.bar{position:absolute;top:0;bottom:0;min-width:3px;border-radius:.25rem;background:currentColor}
.jobs .bar{min-width:1px;border-right:1px solid var(--track);border-radius:0}
.axis{display:flex;justify-content:space-between;color:var(--soft);font-size:.78rem;white-space:nowrap}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}td{overflow-wrap:anywhere}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;overflow-wrap:normal}th.n{white-space:normal}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
details>summary{cursor:pointer;color:var(--soft);margin:.3rem 0}.small{font-size:.85rem;color:var(--soft)}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.6rem}
@media (max-width:40rem){
h1{font-size:1.35rem}.row{grid-template:"what took" "track track"/1fr auto;gap:.1rem .8rem;margin:.5rem 0}
thead{display:none}table,tbody,tr,td{display:block;width:auto}tr{border-bottom:1px solid var(--line);padding:.45rem 0}
td,td.n{border:0;padding:0;text-align:left;white-space:normal}
td:not([data-l=""]){display:inline-block;margin-right:1rem}
td:not([data-l=""])::before{content:attr(data-l) " ";color:var(--soft)}
td:empty{display:none}dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}
}
@media print{
:root{--paper:#fff;--card:#fff;--line:#bbb;--text:#000;--soft:#444;--good:#1d6b34;--bad:#a1160e;--note:#7a4f00;--calm:#2a5699;--track:#eee;color-scheme:light}
body{font-size:10.5pt}main{max-width:none;padding:0}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
h2{break-after:avoid}tr,.tiles li,.why{break-inside:avoid}
}
`;
