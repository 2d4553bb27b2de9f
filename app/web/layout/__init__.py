"""The site's one visual language, and how a page is made with it.

A group of pages is a package `app/web/<group>/` with `endpoints.py` (a `router`, one line in
`app/web/router.py`), `service.py` (what its pages show), `templates/` and `static/`.

A page::

    from app.web.layout.rendering import render

    @router.get("/exemple", response_class=HTMLResponse)
    def example(request: Request, session: ReadSession) -> HTMLResponse:
        return render(request, "group/example.html", session=session, heading="Exemple")

Templates are named `<group>/<file>` after `app/web/<group>/templates/<file>` and extend
`layout/base.html`, whose blocks are:

- `title`: of the page; the name of the site is added;
- `description`: one sentence of text, for search engines and social previews;
- `head`: further `<link>` and `<meta>`;
- `breadcrumbs`: `<li>` of the way here, the present page last (`aria-current="page"`);
- `main`: the content, with one `<h1>`, inside `<main id="contenu">`;
- `scripts`: `<script type="module" src="{{ static('group/file.js') }}">`, never inline.

Values that `base.html` reads when given: `section` (`accueil`, `regions`, `annuaire`,
`lettres`, `statistiques`, `donnees`, `aide`), marked in the navigation; `canonical`,
root-relative, the path without its query by default; `social_image`, root-relative, of
1200 × 630 pixels, that of the country by default;
`robots`, such as `noindex`; `caller`, whom an agent's page is shown to (adds signing out).

In every template: `static("group/file")` gives the versioned address of
`app/web/<group>/static/<file>`; the filters are `number` (1 234), `percent` (0.843 →
84,3 %), `aligned_percent` (50,0 %, in columns), `day` (3 mars 2024), `clock` (14 h 05),
`euros`, `counted("commune")` (3 communes), `origin_free` (an address without its scheme),
`by_name` (rows by name, accents apart). `mail_address`, `telephone_address` and
`safe_website` give what of a stranger's text may be linked. `layout/parts.html` holds
macros: `stage(slug, label)`, `figure(…)`, `map_frame(…)`, `means(who)` (mail, telephone and
site), `institution_list(contacts, place)`.
The spaces of « », : ; ! and ? become unbreakable when a template is read.

A page that keeps the policy has no inline script, no `style=` attribute and no `<style>`;
SVG takes presentation attributes (`fill=…`) or classes. Colours of stages: the classes
`stage-<slug>` set `--stage` and `--stage-ink`; `palette.py` of the maps is their only source.

CSS vocabulary (`static/site.css`): `page-width`, `lead`, `quiet`, `card`, `cards`, `figures`,
`stage`, `button`, `button secondary`, `field`, `hint`, `alert` (`info`, `success`, `warning`,
`danger`), `definitions` (on `dl`), `table-scroll` around `table.data` (with a `caption`;
`number` on cells of figures), `stacked` (on `table.data` whose cells have `data-label`),
`map-frame`, `downloads`, `columns`, `visually-hidden`, `no-print`.
"""
