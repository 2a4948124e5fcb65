extension HTMLReport {
    /// Each verdict has a colour and, wherever it is seen, its word. Contrast is at least 4.5 to 1 in light and dark.
    static let style = """
        :root { --ink: #1b1f24; --quiet: #59636e; --paper: #fff; --line: #d1d9e0; --band: #f6f8fa;
          --applied: #1a7f37; --duplicate: #0969da; --superseded: #6639ba; --failed: #b3211a; --waiting: #9a6700 }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9da7b3; --paper: #0d1117;
          --line: #3d444d; --band: #161b22; --applied: #3fb950; --duplicate: #58a6ff; --superseded: #bc8cff;
          --failed: #ff7b72; --waiting: #d29922 } }
        * { box-sizing: border-box }
        body { margin: 0 auto; max-width: 70rem; padding: 1.5rem; color: var(--ink); background: var(--paper);
          font: 1rem/1.5 system-ui, sans-serif }
        h1 { font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere }
        h2 { font-size: 1.2rem; margin: 2rem 0 .5rem }
        nav a { color: var(--duplicate); margin-right: 1rem }
        dl { margin: 1rem 0 } dl div { display: flex; flex-wrap: wrap; border-bottom: 1px solid var(--line) }
        dt { flex: 0 0 14rem; color: var(--quiet) } dd { flex: 1 1 20rem; margin: 0; overflow-wrap: anywhere }
        .caution { border: 2px solid var(--waiting); padding: .5rem 1rem }
        .bar { display: flex; height: 1.5rem; margin: .5rem 0 1rem; background: var(--band);
          border: 1px solid var(--line) }
        .bar span { flex-basis: 2px; background: currentcolor }
        .mark { display: inline-block; width: .8em; height: .8em; background: currentcolor }
        .applied { color: var(--applied) } .duplicate { color: var(--duplicate) }
        .superseded { color: var(--superseded) } .failedAgain { color: var(--failed); font-weight: 600 }
        .notAttempted { color: var(--waiting) }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
        caption { text-align: left; color: var(--quiet); padding: .5rem 0 }
        th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid var(--line);
          overflow-wrap: anywhere }
        thead th { background: var(--band) } tbody th { font-weight: 400 } .number { text-align: right }
        .letters { table-layout: fixed; font-size: .875rem }
        .letters th:nth-child(1), .letters th:nth-child(4) { width: 9% }
        .letters th:nth-child(2), .letters th:nth-child(5) { width: 16% }
        .letters th:nth-child(3) { width: 13% } .letters th:nth-child(6) { width: 18% }
        .part { content-visibility: auto; contain-intrinsic-size: auto 16000px; margin-bottom: 1rem }
        footer { border-top: 1px solid var(--line); margin-top: 2rem; color: var(--quiet) }
        @page { size: A4; margin: 15mm }
        @media print {
          :root { --ink: #000; --quiet: #333; --paper: #fff; --line: #999; --band: #eee; --applied: #1a7f37;
            --duplicate: #0969da; --superseded: #6639ba; --failed: #b3211a; --waiting: #9a6700 }
          body { padding: 0; max-width: none; font-size: 9pt } nav { display: none }
          .letters { font-size: 7.5pt } .part { content-visibility: visible }
          thead { display: table-header-group } tr { break-inside: avoid } h2 { break-after: avoid }
          .bar span, .mark { print-color-adjust: exact; -webkit-print-color-adjust: exact }
        }
        @media (max-width: 40rem) { .letters thead { font-size: .75rem } th, td { padding: .2rem } }
        """
}
