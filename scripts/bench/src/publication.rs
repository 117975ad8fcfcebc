//! What a measuring comes to, in the forms in which it is read: the document, the figures for programs, the picture, and all of it as
//! a page for a browser.

mod page;

use std::io::Write;

use anyhow::Context;
use serde::Serialize;
use workstation::console::Console;
use workstation::files;

use crate::arguments::Arguments;

/// A measuring that was made.
#[derive(Clone, Debug)]
pub(crate) struct Publication {
    name: &'static str,
    document: String,
    figures: Option<String>,
    picture: Option<Picture>,
}

/// A picture that the document shows.
#[derive(Clone, Debug)]
struct Picture {
    /// Its file, as the document calls it.
    file: &'static str,
    svg: String,
}

impl Publication {
    /// A document in Markdown, and the name of its files without their endings.
    pub(crate) fn new(name: &'static str, document: String) -> Publication {
        Publication { name, document, figures: None, picture: None }
    }

    /// With its figures, for programs.
    ///
    /// # Errors
    /// They cannot be written as JSON.
    pub(crate) fn figures(mut self, figures: &impl Serialize) -> anyhow::Result<Publication> {
        let json = serde_json::to_string_pretty(figures).context("the figures cannot be written as JSON")?;
        self.figures = Some(json + "\n");
        Ok(self)
    }

    /// With a picture that the document shows.
    pub(crate) fn picture(mut self, file: &'static str, svg: String) -> Publication {
        self.picture = Some(Picture { file, svg });
        self
    }

    /// Shows the document, and writes what is wanted.
    ///
    /// # Errors
    /// Something cannot be written.
    pub(crate) fn publish(&self, arguments: &Arguments, console: &Console) -> anyhow::Result<()> {
        std::io::stdout().lock().write_all(self.document.as_bytes())?;
        if !arguments.quick {
            self.write(arguments)?;
            console.line(&format!("written into `{}`", arguments.output.display()));
        }
        if let Some(file) = &arguments.html {
            files::write(file, page::of(&self.document, self.picture.as_ref()).as_bytes())?;
            console.line(&format!("the page is `{}`", file.display()));
        }
        Ok(())
    }

    fn write(&self, arguments: &Arguments) -> anyhow::Result<()> {
        let file = |name: &str| arguments.output.join(name);
        files::write(&file(&format!("{}.md", self.name)), self.document.as_bytes())?;
        if let Some(figures) = &self.figures {
            files::write(&file(&format!("{}.json", self.name)), figures.as_bytes())?;
        }
        if let Some(picture) = &self.picture {
            files::write(&file(picture.file), picture.svg.as_bytes())?;
        }
        Ok(())
    }
}
