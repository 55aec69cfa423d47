//! Pictures and texts that become others.

use super::Case;

pub const CASES: &[Case] = &[
    Case {
        name: "imagemagick",
        needs: &[("convert", "imagemagick")],
        before: "convert -size 32x32 xc:red in.png",
        job: &[
            "convert", "in.png", "-resize", "50%", "-rotate", "90", "-strip", "out.jpg",
        ],
        shows: "identify -format '%m %w %h' out.jpg",
    },
    Case {
        name: "pandoc",
        needs: &[("pandoc", "pandoc")],
        before: "printf '# Title\\n\\nSome *text*.\\n' > in.md",
        job: &[
            "sh",
            "-ec",
            "pandoc -o out.html in.md; pandoc -o out.docx in.md; pandoc -t plain out.docx",
        ],
        shows: "cat out.html",
    },
];
