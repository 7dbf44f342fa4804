//! Maps of sweeps and boundaries: read back by other parsers, looked at by a browser, and held against their tables.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::browser::{chromium, opened};
use common::root;

const BEFORE: &str = "scenarios/hawk-midi/before.toml";
/// A character takes 320 us at 31250 baud and 160 us at 62500: an erase of 100 us loses none, 20 and 40 ms lose many.
const GRID: [&str; 6] = [
    "--grid",
    "baud=31250,62500",
    "--grid",
    "phase=2",
    "--grid",
    "erase=100us,40ms,20ms",
];
/// Baud to the right, erase upwards.
const SIDES: [&str; 4] = ["--map-x", "baud", "--map-y", "erase"];

fn flashstall(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_flashstall");
    let mut command = Command::new(program);
    command
        .current_dir(root())
        .args(arguments)
        .output()
        .unwrap()
}

/// A new folder of the test's own.
fn scratch(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("maps")
        .join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn good(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}");
}

fn refused(output: &Output, why: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains(why), "{text}");
}

/// The file `name` of `folder`, as an argument.
fn at(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap()
}

fn text(folder: &Path, name: &str) -> String {
    String::from_utf8(bytes(folder, name)).unwrap()
}

/// Sweeps into `folder`, with all pictures.
fn sweep(folder: &Path, more: &[&str]) -> Output {
    let files = ["map.csv", "map.svg", "map.png", "map.html"].map(|name| at(folder, name));
    let [out, svg, png, html] = files.each_ref().map(String::as_str);
    let all = [
        &[
            "sweep", BEFORE, "--out", out, "--svg", svg, "--png", png, "--html", html,
        ][..],
        &GRID,
        more,
    ];
    flashstall(&all.concat())
}

/// By baud rate and erase time in picoseconds: the most that is lost at either phase, from the rows of the table.
fn worst(csv: &str) -> BTreeMap<(u64, u64), u64> {
    let mut lines = csv.lines().skip(1);
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name| names.iter().position(|n| *n == name).unwrap();
    let mut all = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |name| cells[column(name)].parse::<u64>().unwrap();
        let slot = all.entry((number("baud"), number("erase-ps"))).or_insert(0);
        *slot = number("lost").max(*slot);
    }
    all
}

/// A cell of an SVG.
struct Cell {
    title: String,
    class: String,
    place: (u32, u32),
    figure: Option<String>,
}

fn cells(svg: &str) -> Vec<Cell> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let values = document
        .descendants()
        .filter(|n| n.attribute("role") == Some("img"));
    let cell = |node: roxmltree::Node<'_, '_>| {
        let child = |name| {
            node.children()
                .find(|n| n.has_tag_name(("http://www.w3.org/2000/svg", name)))
        };
        let rect = child("rect").unwrap();
        let number = |name| rect.attribute(name).unwrap().parse().unwrap();
        Cell {
            title: child("title").unwrap().text().unwrap().to_owned(),
            class: rect.attribute("class").unwrap().to_owned(),
            place: (number("x"), number("y")),
            figure: child("text").map(|t| t.text().unwrap().to_owned()),
        }
    };
    values.map(cell).collect()
}

#[test]
fn the_svg_has_the_values_of_the_table() {
    let folder = scratch("svg");
    good(&sweep(&folder, &SIDES));
    let svg = text(&folder, "map.svg");
    let worst = worst(&text(&folder, "map.csv"));
    let cells = cells(&svg);
    // From the top: the longest erase first, whatever the order of the grid.
    let erases = [
        (40_000_000_000, "40ms"),
        (20_000_000_000, "20ms"),
        (100_000_000, "100us"),
    ];
    let places = erases
        .iter()
        .flat_map(|e| [31_250, 62_500].map(|baud| (e, baud)));
    assert_eq!(cells.len(), 6);
    let mut seen = Vec::new();
    for (cell, ((ps, erase), baud)) in cells.iter().zip(places) {
        let lost = worst[&(baud, *ps)];
        assert_eq!(
            cell.title,
            format!("baud={baud} erase={erase}: lost {lost}")
        );
        assert_eq!(cell.figure, Some(lost.to_string()));
        assert_eq!(cell.class == "level0", lost == 0, "{}", cell.title);
        seen.push((lost, cell.class.clone()));
    }
    assert_eq!(worst[&(31_250, 100_000_000)], 0);
    // Two ends in 40 ms are more than 120 characters of 320 us, and 20 ms are about 61.
    assert!(
        (60..=62).contains(&worst[&(31_250, 20_000_000_000)]),
        "{worst:?}"
    );
    // More lost is never a lower level, and the most is the highest.
    seen.sort();
    assert!(
        seen.is_sorted_by_key(|(_, class)| class.clone()),
        "{seen:?}"
    );
    assert_eq!(seen.last().unwrap().1, "level7");
    assert!(cells[0].place.1 < cells[2].place.1 && cells[0].place.0 < cells[1].place.0);
    // For itself, for light and dark, and named for who cannot see it.
    assert!(svg.contains("prefers-color-scheme:dark"));
    assert!(!svg.contains("href") && !svg.contains("url("));
    assert!(
        svg.contains(">before: bytes and frames lost by baud and erase</title>"),
        "{svg}"
    );
    assert!(svg.contains("Each cell: the greatest of 2 points, over phase (2 values)."));
    assert!(svg.contains(">baud (bit/s)</text>"));
}

#[test]
fn the_png_is_the_same_picture() {
    let folder = scratch("png");
    good(&sweep(&folder, &SIDES));
    let svg = text(&folder, "map.svg");
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes(&folder, "map.png")));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let size = |name| {
        document
            .root_element()
            .attribute(name)
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    assert_eq!((frame.width, frame.height), (size("width"), size("height")));
    let pixel = |(x, y): (u32, u32)| {
        let start = y as usize * frame.line_size + x as usize * 3;
        let [r, g, b] = pixels[start..start + 3] else {
            unreachable!()
        };
        format!("#{r:02x}{g:02x}{b:02x}")
    };
    // Colours of the light half of the style.
    let colour = |class: &str| {
        let rule = svg.split(&format!(".{class}{{fill:")).nth(1).unwrap();
        rule[..7].to_owned()
    };
    let cells = cells(&svg);
    let (mut clean, mut lossy) = (0, 0);
    for cell in &cells {
        let (x, y) = cell.place;
        assert_eq!(pixel((x + 1, y + 1)), colour(&cell.class), "{}", cell.title);
        *if cell.class == "level0" {
            &mut clean
        } else {
            &mut lossy
        } += 1;
        // The figure is on it, too.
        let (wide, high) = (20..45, 8..22);
        let dots = high.flat_map(|dy| wide.clone().map(move |dx| (x + dx, y + dy)));
        let inked = dots.filter(|at| pixel(*at) != colour(&cell.class)).count();
        assert!(inked > 5, "{}: {inked}", cell.title);
    }
    assert!(clean > 0 && lossy > 0);
    assert_eq!(pixel((0, 0)), colour("back"));
    assert_ne!(colour("level0"), colour("level1"));
}

#[test]
fn the_bytes_are_the_same_whoever_computes_them_and_from_the_merged_table() {
    let [one, three, parts] = ["one", "three", "parts"].map(|n| scratch(&format!("same-{n}")));
    good(&sweep(&one, &[&SIDES[..], &["--threads", "1"]].concat()));
    good(&sweep(&three, &[&SIDES[..], &["--threads", "3"]].concat()));
    for format in ["csv", "jsonl"] {
        let names: Vec<String> = (0..2)
            .map(|n| at(&parts, &format!("{n}.{format}")))
            .collect();
        for (n, out) in names.iter().enumerate() {
            let shard = format!("{n}/2");
            let all = [
                &["sweep", BEFORE, "--out", out, "--shard", &shard][..],
                &GRID,
            ];
            good(&flashstall(&all.concat()));
        }
        let merged = at(&parts, &format!("all.{format}"));
        good(&flashstall(&[
            "merge", &names[0], &names[1], "--out", &merged,
        ]));
        let files = ["map.svg", "map.png", "map.html"].map(|name| at(&parts, name));
        let [svg, png, html] = files.each_ref().map(String::as_str);
        let pictures = ["--svg", svg, "--png", png, "--html", html];
        let all = [
            &["map", &merged, "--scenario", BEFORE][..],
            &pictures,
            &SIDES,
        ];
        good(&flashstall(&all.concat()));
        for name in ["map.svg", "map.png", "map.html"] {
            assert!(bytes(&one, name) == bytes(&three, name), "{name}");
            assert!(
                bytes(&one, name) == bytes(&parts, name),
                "{name} from {format}"
            );
        }
    }
    // Without the scenario: the same map under a heading that does not name it, and a page without a script.
    let (merged, html) = (at(&parts, "all.csv"), at(&parts, "bare.html"));
    good(&flashstall(&["map", &merged, "--html", &html]));
    let bare = text(&parts, "bare.html");
    assert!(
        bare.contains("<h1>bytes and frames lost by baud and phase</h1>"),
        "{bare}"
    );
    assert!(!bare.contains("<script") && !bare.contains("data-run"));
    assert!(bare.contains("<table aria-label=\"Worst points\">"));
}

#[test]
fn what_cannot_be_drawn_is_refused_before_anything_runs() {
    let folder = scratch("bad");
    let svg = at(&folder, "map.svg");
    let out = at(&folder, "map.csv");
    let run = |more: &[&str]| {
        let output = flashstall(&[&["sweep", BEFORE, "--out", &out][..], more].concat());
        assert!(!Path::new(&out).exists(), "{more:?} ran");
        output
    };
    let draw = |more: &[&str]| run(&[&GRID[..], &["--svg", &svg], more].concat());
    refused(&draw(&["--map-x", "buad"]), "did you mean `baud`?");
    refused(
        &draw(&["--map-y", "gap"]),
        "--map-y: there is no axis `gap`",
    );
    refused(&draw(&["--map-y", "gap"]), "one of: baud, phase, erase");
    refused(&draw(&["--map-of", "lots"]), "did you mean `lost`?");
    refused(&draw(&["--map-of", "verdict"]), "a column of words");
    refused(&draw(&["--map-x", "baud", "--map-y", "baud"]), "both sides");
    refused(&draw(&["--shard", "0/2"]), "a shard has not all points");
    refused(&draw(&["--png", &svg]), "is used twice");
    refused(&draw(&["--png", &out]), "is used twice");
    refused(
        &draw(&["--png", "no/such/map.png"]),
        "there is no folder `no/such`",
    );
    refused(&draw(&["--html", folder.to_str().unwrap()]), "is a folder");
    refused(&run(&[&GRID[..], &["--map-x", "baud"]].concat()), "--svg");
    refused(
        &run(&["--grid", "phase=2", "--svg", &svg]),
        "only `phase` has",
    );
    let many = [
        "--grid",
        "count=1..640/300",
        "--grid",
        "phase=2",
        "--svg",
        &svg,
    ];
    refused(&run(&many), "`count` has 300 values");
    // Tables that are none.
    good(&sweep(&folder, &[]));
    let map = |table: &str, more: &[&str]| {
        flashstall(&[&["map", table, "--svg", &svg][..], more].concat())
    };
    good(&map(&out, &[]));
    refused(&flashstall(&["map", &out]), "no picture is asked for");
    refused(&map(&out, &["--map-x", "buad"]), "did you mean `baud`?");
    refused(&map("README.md", &[]), "says no format");
    let table = text(&folder, "map.csv");
    let broken = at(&folder, "broken.csv");
    let lines: Vec<&str> = table.lines().collect();
    let swapped = [&lines[..2], &[lines[3], lines[2]], &lines[4..]]
        .concat()
        .join("\n")
        + "\n";
    for (content, why) in [
        ("a,b\n1,2\n".to_owned(), "is not the file of a sweep"),
        (String::new(), "is not the file of a sweep"),
        (table[..table.len() - 20].to_owned(), "ends in mid-line"),
        (lines[..9].join("\n") + "\n", "has 7 of 12 rows"),
        (table.replace("shard=0/1", "shard=1/3"), "is shard 1 of 3"),
        (swapped, "is damaged: row 0"),
        (table.replace(",lost,", ",los,"), "has other columns"),
        (
            table.replace(",0/2,", ",x,"),
            "a value that its axis cannot have",
        ),
    ] {
        std::fs::write(&broken, content).unwrap();
        refused(&map(&broken, &[]), why);
    }
    // Another scenario has other results.
    let after = [
        "--scenario",
        "scenarios/hawk-midi/after.toml",
        "--html",
        &at(&folder, "after.html"),
    ];
    refused(
        &map(&out, &after),
        "comes to something else than the table says",
    );
}

#[test]
fn the_page_works_in_a_browser() {
    let folder = scratch("page");
    good(&sweep(&folder, &SIDES));
    let page = text(&folder, "map.html");
    for fetches in ["src=", "url(", "@import", "import(", "fetch(", "https://"] {
        assert!(!page.contains(fetches), "{fetches}");
    }
    assert!(page.contains("default-src 'none'") && page.contains("prefers-color-scheme:dark"));
    let Some(browser) = chromium() else { return };
    let (seen, console) = opened(browser, &page, "maps", "map-probe.js");
    assert_eq!(console, "");
    assert_eq!(seen["errors"], serde_json::json!([]));
    assert_eq!(seen["requests"], serde_json::json!([]));
    let worst = worst(&text(&folder, "map.csv"));
    let lost = |baud, ps| worst[&(baud, ps)].to_string();
    let row = |name: &str, ps| serde_json::json!([name, lost(31_250, ps), lost(62_500, ps)]);
    let rows = [
        row("40ms", 40_000_000_000),
        row("20ms", 20_000_000_000),
        row("100us", 100_000_000),
    ];
    assert_eq!(seen["rows"], serde_json::json!(rows));
    assert_eq!(seen["columns"][1], "31250");
    assert_eq!(seen["headed"], true);
    let colours: Vec<&str> = seen["colours"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_str().unwrap())
        .collect();
    assert_eq!(colours[4], colours[5], "both are clean");
    assert!(colours[..4].iter().all(|c| *c != colours[4]), "{colours:?}");
    // Four cells lose something, and each has its timeline: the worst is shown first.
    assert_eq!(seen["buttons"], 4);
    let title = seen["first"]["title"].as_str().unwrap();
    assert!(
        title.starts_with("baud=62500 ") && title.ends_with(" erase=40ms"),
        "{title}"
    );
    assert_eq!(seen["focusable"], true);
    assert_eq!(seen["focused"], true);
    assert!(
        seen["label"]
            .as_str()
            .unwrap()
            .ends_with(": show its timeline"),
        "{seen}"
    );
    assert_ne!(seen["second"]["title"], seen["first"]["title"]);
    assert_eq!(seen["again"]["title"], seen["first"]["title"]);
    for (shown, number) in [("first", "0"), ("second", "1"), ("again", "0")] {
        let shown = &seen[shown];
        assert_eq!(shown["painted"], true);
        assert_eq!(shown["open"], true);
        assert_eq!(shown["pressed"], serde_json::json!([number]));
        let links = shown["links"].as_array().unwrap();
        assert!(
            links.iter().any(|l| l == "FLASH_ErasePage flash.c:70"),
            "{links:?}"
        );
        let losses = shown["losses"].as_u64().unwrap();
        let status = shown["status"].as_str().unwrap();
        assert!(
            status.starts_with(&format!("loss 1 of {losses}: ")),
            "{status}"
        );
    }
    assert_ne!(seen["second"]["losses"], seen["first"]["losses"]);
    assert_eq!(seen["unique"], true);
    assert_eq!(seen["unnamed"], 0);
}

#[test]
fn a_boundary_is_drawn_with_what_binds() {
    let folder = scratch("boundary");
    let files = ["map.svg", "map.png", "map.html"].map(|name| at(&folder, name));
    let [svg, png, html] = files.each_ref().map(String::as_str);
    let axes = [
        "boundary",
        BEFORE,
        "--vary",
        "baud=50..2000/40",
        "--over",
        "phase=2",
    ];
    let map = ["--map", "erase=10ms,20ms,40ms", "--csv", "-"];
    let pictures = ["--svg", svg, "--png", png, "--html", html];
    let output = flashstall(&[&axes[..], &map, &pictures].concat());
    good(&output);
    let csv = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<Vec<&str>> = csv
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    assert_eq!(rows.len(), 3);
    let drawn = text(&folder, "map.svg");
    let cells = cells(&drawn);
    for (cell, row) in cells.iter().zip(&rows) {
        let start = format!(
            "erase={}: highest clean baud {}; limit {}; margin -",
            row[0], row[1], row[2]
        );
        assert!(cell.title.starts_with(&start), "{}", cell.title);
        assert_eq!(
            cell.figure.as_deref().map(|f| f.trim_end_matches('*')),
            Some(row[1])
        );
    }
    assert_eq!(cells.len(), 3);
    // The clean part of a column is as high as the rate: lower ones for longer erases.
    let document = roxmltree::Document::parse(&drawn).unwrap();
    let clean: Vec<u32> = document
        .descendants()
        .filter(|n| n.attribute("role") == Some("img"))
        .map(|n| {
            n.children()
                .rfind(|n| n.attribute("class") == Some("level0"))
                .unwrap()
        })
        .map(|n| n.attribute("height").unwrap().parse().unwrap())
        .collect();
    assert!(
        clean.is_sorted_by(|a, b| a > b) && clean[2] > 0,
        "{clean:?}"
    );
    // Above 2000 baud nothing was looked at: the paper is left blank up to the scenario's own rate and beyond.
    let blank = document
        .descendants()
        .filter(|n| n.attribute("class") == Some("back"));
    let tops: Vec<u32> = blank
        .filter_map(|n| n.attribute("y")?.parse().ok())
        .collect();
    let coloured: Vec<u32> = cells.iter().map(|c| c.place.1).collect();
    assert!(
        coloured.iter().all(|y| *y > tops[0] + 50),
        "{coloured:?} {tops:?}"
    );
    assert!(drawn.contains("31250: the scenario&#39;s own"));
    let decoded = png::Decoder::new(std::io::Cursor::new(bytes(&folder, "map.png")))
        .read_info()
        .unwrap();
    let width = document.root_element().attribute("width").unwrap();
    assert_eq!(decoded.info().width.to_string(), width);
    let page = text(&folder, "map.html");
    assert!(page.contains("<table aria-label=\"Boundary\">") && !page.contains("<script"));
    for row in &rows {
        let cells = format!("<td>{}</td><td>{}</td><td>{}</td>", row[0], row[1], row[2]);
        assert!(page.contains(&cells), "{cells}");
    }
    refused(
        &flashstall(&[&axes[..], &["--svg", svg]].concat()),
        "a picture needs an axis to the right",
    );
}
