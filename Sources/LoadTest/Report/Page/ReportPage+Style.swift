extension ReportPage {
    /// Contrast of text is at least 4.5 to 1, of curves 3 to 1, in light and dark.
    static let style = """
        :root { --ink: #1b1f24; --quiet: #59636e; --paper: #fff; --line: #d1d9e0; --band: #f6f8fa; --good: #1a7f37;
          --bad: #b3211a; --link: #0969da; --fault: #9a670026; --faultText: #7d4e00; --c0: #6e7781; --c1: #0969da;
          --c2: #c2410c; --c3: #0f766e; --c4: #7c3aed; --c5: #a16207 }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9da7b3; --paper: #0d1117;
          --line: #3d444d; --band: #161b22; --good: #3fb950; --bad: #ff7b72; --link: #58a6ff; --fault: #d2992230;
          --faultText: #e3b341; --c0: #9da7b3; --c1: #58a6ff; --c2: #fb923c; --c3: #2dd4bf; --c4: #c4a1ff;
          --c5: #facc15 } }
        * { box-sizing: border-box }
        body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; color: var(--ink); background: var(--paper);
          font: 1rem/1.5 system-ui, sans-serif }
        h1 { font-size: 1.7rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere }
        h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line) }
        h3 { font-size: 1rem; margin: 1.5rem 0 .25rem }
        p { max-width: 50rem } .lead { margin: .25rem 0; font-size: 1.1rem } .quiet { color: var(--quiet); margin: 0 }
        nav { margin-top: 1rem; line-height: 2 } nav a { color: var(--link); margin-right: .9rem; white-space: nowrap }
        .verdict { font-size: 1.5rem; font-weight: 650; margin: .5rem 0 }
        .good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 }
        .remarks { padding-left: 1.2rem; max-width: 60rem } .remarks li { margin: .25rem 0 }
        .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .75rem;
          margin: 1.25rem 0 }
        .tiles div { border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; background: var(--band);
          display: flex; flex-direction: column-reverse }
        .tiles dt { color: var(--quiet); font-size: .85rem } .tiles dd { margin: 0; font-size: 1.35rem;
          font-weight: 600; font-variant-numeric: tabular-nums }
        .facts div { display: flex; flex-wrap: wrap; border-bottom: 1px solid var(--line); padding: .2rem 0 }
        .facts dt { flex: 0 0 14rem; color: var(--quiet) } .facts dd { flex: 1 1 14rem; margin: 0;
          overflow-wrap: anywhere }
        .side { display: flex; flex-wrap: wrap; gap: 0 3rem } .scroll { overflow-x: auto; max-width: 100% }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0 0 1.25rem; font-size: .925rem }
        caption { text-align: left; color: var(--quiet); padding: .5rem 0; font-size: .875rem }
        th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem .5rem;
          border-bottom: 1px solid var(--line) }
        thead th { background: var(--band); font-weight: 600 } tbody th { font-weight: 400; white-space: nowrap }
        .number { text-align: right; white-space: nowrap }
        .meter { display: grid; grid-template-columns: 4.6rem 4.5rem; gap: .5rem; align-items: center }
        .meter .figure { text-align: right; white-space: nowrap }
        .track { height: .6rem; background: var(--band); border: 1px solid var(--line); display: block }
        .track span { display: block; height: 100%; background: var(--c1) }
        .sparkline { display: flex; gap: .5rem; align-items: center; white-space: nowrap }
        .spark { width: 120px; height: 24px } .spark polyline { fill: none; stroke: var(--c1); stroke-width: 1.2 }
        figure { margin: 1rem 0 1.75rem; position: relative }
        figcaption .name { font-weight: 600; margin-right: .75rem }
        figcaption .note, .note { color: var(--quiet); font-size: .875rem; margin-top: 0 }
        .key { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; padding: 0; margin: .3rem 0;
          font-size: .875rem }
        .key .line { display: inline-block; width: 1.6rem; border-top: 2.5px solid currentcolor; vertical-align: middle;
          margin-right: .4rem }
        .key .dashed { border-top-style: dashed }
        .panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr));
          gap: 0 1.5rem }
        .panels figure { margin: .5rem 0 } .panels .note { display: block }
        svg { display: block; width: 100%; height: auto } .plot:not(.small) svg { min-width: 46rem }
        svg text { font: 12px system-ui, sans-serif; fill: var(--quiet) } .end { text-anchor: end }
        .mid { text-anchor: middle } .grid { stroke: var(--line); stroke-width: .7 }
        .axis, .tick { stroke: var(--quiet); stroke-width: 1 } .level { stroke: var(--quiet); stroke-dasharray: 5 4 }
        .band { fill: var(--fault) } svg .fault { fill: var(--faultText) } svg .fault.end { text-anchor: end }
        .curve polyline { fill: none; stroke: currentcolor; stroke-width: 1.8; stroke-linejoin: round }
        .curve.dashed polyline { stroke-dasharray: 6 4; stroke-width: 1.5 } .curve circle { fill: currentcolor }
        .c0 { color: var(--c0) } .c1 { color: var(--c1) } .c2 { color: var(--c2) } .c3 { color: var(--c3) }
        .c4 { color: var(--c4) } .c5 { color: var(--c5) } .cursor { stroke: var(--ink); stroke-width: .8 }
        .tip { position: absolute; pointer-events: none; background: var(--paper); border: 1px solid var(--quiet);
          border-radius: 4px; padding: .3rem .6rem; font-size: .8rem; white-space: nowrap; z-index: 1 }
        .tip b { display: block; font-weight: 600 } .tip i { font-style: normal; display: block }
        footer { border-top: 1px solid var(--line); margin-top: 2rem; color: var(--quiet); font-size: .875rem }
        :focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
        @page { size: A4; margin: 14mm }
        @media print {
          :root { --ink: #000; --quiet: #333; --paper: #fff; --line: #999; --band: #eee; --good: #1a7f37;
            --bad: #b3211a; --link: #0969da; --fault: #9a670026; --faultText: #7d4e00; --c0: #6e7781; --c1: #0969da;
            --c2: #c2410c; --c3: #0f766e; --c4: #7c3aed; --c5: #a16207 }
          body { padding: 0; max-width: none; font-size: 9pt } nav, .tip { display: none }
          .scroll { overflow: visible } table { font-size: 7.5pt } th, td { padding: .15rem .3rem }
          .plot:not(.small) svg { min-width: 0 } figure, tr, .tiles { break-inside: avoid }
          h2, h3 { break-after: avoid }
          thead { display: table-header-group } .meter { grid-template-columns: 4rem 3rem }
          .track span, .band, thead th { print-color-adjust: exact; -webkit-print-color-adjust: exact }
        }
        @media (max-width: 40rem) { body { padding: 1rem } th, td { padding: .25rem .4rem } }
        """
}
