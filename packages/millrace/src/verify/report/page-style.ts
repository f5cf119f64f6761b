/** Of the page around the pictures. Colours are named once, for light and for dark; paper is always light. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--ground:#fff;--soft-ground:#f4f5f7;--ink:#1b2127;--soft:#5d6873;--hair:#dde1e5;--a:#2f6f91;--b:#8a5a9e;--strike:#c08a2e;--ok:#256f46;--violated:#ad2f29;--unknown:#8f5f00}
@media screen and (prefers-color-scheme:dark){:root{--ground:#12161a;--soft-ground:#1b2127;--ink:#e5e9ed;--soft:#9aa6b1;--hair:#323b44;--a:#6fb1d3;--b:#c39ad6;--strike:#dcab4e;--ok:#6cc492;--violated:#f08c82;--unknown:#e0b354}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,footer{max-width:1008px;margin:0 auto;padding:0 24px}
main{padding-top:40px}
code{font:0.87em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
section{margin-top:48px}
h2{font-size:20px;line-height:1.3;font-weight:650;margin:0 0 16px}
h3{font-size:15px;font-weight:650;margin:0 0 8px}
.label,.kicker,dt{color:var(--soft);font-size:12.5px;font-weight:400}
.note{color:var(--soft);font-size:12.5px;margin:8px 0 0}
.verdict{display:grid;grid-template-columns:auto 1fr;gap:4px 18px;align-items:center}
.verdict-mark{width:64px;height:64px}
.verdict-mark circle{fill:var(--tone)}
.verdict-mark path{fill:none;stroke:var(--ground);stroke-width:4.5;stroke-linecap:round;stroke-linejoin:round}
.verdict.ok,.ok{--tone:var(--ok)}
.verdict.violated,.violated{--tone:var(--violated)}
.verdict.unknown,.unknown{--tone:var(--unknown)}
.kicker{margin:0}
h1{font-size:44px;line-height:1.1;font-weight:700;letter-spacing:-.015em;margin:0;color:var(--tone)}
.verdict-said{grid-column:1/-1;font-size:18px;line-height:1.5;margin:14px 0 0;max-width:46em;overflow-wrap:anywhere}
.verdict-doubts{grid-column:1/-1;margin:0;overflow-wrap:anywhere}
.verdict-unseen{grid-column:1/-1;color:var(--soft);margin:0}
.repeat{display:flex;flex-wrap:wrap;gap:12px 32px;margin-top:24px;padding:14px 18px;border-radius:8px;background:var(--soft-ground)}
.repeat .label{display:block}
.seed strong{font-size:20px;line-height:1.3;font-variant-numeric:tabular-nums}
.command{flex:1 1 420px;min-width:0}
.command span{white-space:nowrap}
.command code{display:block;overflow-wrap:anywhere;user-select:all;padding-top:2px}
dl{margin:0}
dd{margin:0}
.environment{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:12px 28px;margin-top:20px}
.environment dt::first-letter{text-transform:uppercase}
.environment dd{overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(172px,1fr));gap:20px 20px;margin-bottom:32px}
.figures dd{font-size:24px;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums}
.figures small{display:block;font-size:12.5px;line-height:1.4;font-weight:400;color:var(--soft);overflow-wrap:anywhere}
figure{margin:0}
.wide{overflow-x:auto}
figure svg{display:block;width:100%;min-width:640px;height:auto}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(400px,1fr));gap:32px 48px;margin-top:36px}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;vertical-align:baseline;padding:6px 14px 6px 0;border-bottom:1px solid var(--hair)}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--soft);font-size:12.5px;font-weight:400;white-space:nowrap}
tbody th{font-weight:400;white-space:nowrap}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.word{white-space:nowrap}
.word.ok,.word.violated,.word.unknown{color:var(--tone);font-weight:650}
.word.unseen{color:var(--soft);white-space:normal}
.promises td:nth-child(2){color:var(--soft)}
.unknowns{margin:0;padding:0;list-style:none;font-size:14px}
.unknowns li{padding:4px 0;overflow-wrap:anywhere}
section h3:not(:first-child){margin-top:32px}
.violation+.violation{margin-top:28px}
.rows{margin:10px 0 0;font-size:14px;overflow-wrap:anywhere}
.rows code+code{margin-left:10px}
details{margin-top:8px;font-size:14px}
summary{color:var(--soft);cursor:pointer;width:fit-content}
.story-words{margin-top:6px}
.story-words td{overflow-wrap:anywhere}
.plot text{font-size:11px;fill:var(--soft);font-variant-numeric:tabular-nums}
.plot .plot-heading{font-size:12px;font-weight:650;fill:var(--ink)}
.plot .plot-key,.plot .plot-name{font-size:12px;fill:var(--ink)}
.plot-grid{stroke:var(--hair);fill:none}
.plot-line{fill:none;stroke:var(--line);stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.plot-area{fill:var(--a);opacity:.13}
.plot-a{--line:var(--a)}
.plot-b{--line:var(--b)}
.plot-strike{fill:var(--strike)}
.plot-backdrop{fill:var(--strike);opacity:.1}
footer{margin-top:56px;padding-bottom:48px;color:var(--soft);font-size:12.5px}
footer p{border-top:1px solid var(--hair);padding-top:14px;margin:0;max-width:none}
@media (max-width:560px){.columns{grid-template-columns:1fr}.figures{grid-template-columns:repeat(2,1fr)}.promises tbody th{white-space:normal}main,footer{padding-left:16px;padding-right:16px}main{padding-top:24px}.promises td:nth-child(2),.promises th:nth-child(2){display:none}}
@media print{@page{margin:14mm}main{padding-top:0}body{font-size:12px}section{margin-top:28px}*{print-color-adjust:exact}details:not([open]){display:none}tr,figure,.violation,dl div{break-inside:avoid}h2,h3{break-after:avoid}.wide{overflow:visible}figure svg{min-width:0}}
`;
