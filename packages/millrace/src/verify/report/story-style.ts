/** Every name begins with `story`, since the style of a picture inside of a page is one of the page. */
export const STORY_STYLE = `
.story{--paper:#fff;--lane:#f4f5f7;--ink:#1b2127;--soft:#5d6873;--hair:#dde1e5;--call:#2f6f91;--event:#a2690c;--bad:#ad2f29;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
@media screen and (prefers-color-scheme:dark){.story{--paper:#171c21;--lane:#1f262d;--ink:#e5e9ed;--soft:#9aa6b1;--hair:#323b44;--call:#6fb1d3;--event:#dcab4e;--bad:#f08c82}}
.story-paper{fill:var(--paper);stroke:var(--hair)}
.story-heading{font-size:19px;font-weight:650;fill:var(--bad)}
.story-message{font-size:14px;fill:var(--ink)}
.story-lane{fill:var(--lane)}
.story-lane.story-own{fill:none;stroke:var(--hair);stroke-dasharray:4 4}
.story-name{font-size:13px;font-weight:600;fill:var(--ink)}
.story-name.story-own{font-weight:400;font-style:italic;fill:var(--soft)}
.story-tick{stroke:var(--hair);fill:none}
.story-time{font-size:11px;fill:var(--soft);font-variant-numeric:tabular-nums}
.story-call{fill:var(--call)}
.story-open{stroke:var(--call);stroke-width:2;stroke-dasharray:2 5;fill:none}
.story-event{fill:var(--event)}
.story-said{font-size:12px;fill:var(--ink);paint-order:stroke;stroke:var(--lane);stroke-width:4px;stroke-linejoin:round}
.story-event~.story-said{stroke:var(--paper)}
.story-place{font-weight:700;fill:var(--soft)}
.story-note{font-size:11px;fill:var(--soft)}
`;
