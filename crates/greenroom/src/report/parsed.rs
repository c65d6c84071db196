//! Pages as a browser's parser sees them, for tests.

use std::rc::Rc;

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// A page that was parsed.
pub(super) struct Page(RcDom);

/// An element of it.
pub(super) struct Element(Handle);

impl Page {
    /// The page of this text, which must have no mistake that a parser notices.
    pub(super) fn of(text: &str) -> Page {
        let page = parse_document(RcDom::default(), ParseOpts::default()).one(text);
        assert!(page.errors.borrow().is_empty(), "{:?}", page.errors);
        Page(page)
    }

    pub(super) fn root(&self) -> Element {
        Element(Rc::clone(&self.0.document))
    }
}

impl Element {
    pub(super) fn name(&self) -> &str {
        match &self.0.data {
            NodeData::Element { name, .. } => &name.local,
            _ => "",
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let NodeData::Element { attrs, .. } = &self.0.data else { return None };
        let attrs = attrs.borrow();
        attrs.iter().find(|it| &*it.name.local == name).map(|it| it.value.to_string())
    }

    pub(super) fn attributes(&self) -> Vec<String> {
        let NodeData::Element { attrs, .. } = &self.0.data else { return Vec::new() };
        attrs.borrow().iter().map(|it| it.name.local.to_string()).collect()
    }

    /// All elements within, in the order of the page.
    pub(super) fn within(&self) -> Vec<Element> {
        let children = self.0.children.borrow();
        let children = children.iter().cloned().map(Element);
        children
            .flat_map(|child| {
                let within = child.within();
                std::iter::once(child).chain(within)
            })
            .collect()
    }

    pub(super) fn all(&self, name: &str) -> Vec<Element> {
        self.within().into_iter().filter(|it| it.name() == name).collect()
    }

    pub(super) fn with_id(&self, id: &str) -> Option<Element> {
        self.within().into_iter().find(|it| it.attribute("id").as_deref() == Some(id))
    }

    pub(super) fn with_class(&self, class: &str) -> Vec<Element> {
        let has = |it: &Element| {
            it.attribute("class").is_some_and(|all| all.split(' ').any(|it| it == class))
        };
        self.within().into_iter().filter(has).collect()
    }

    pub(super) fn text(&self) -> String {
        match &self.0.data {
            NodeData::Text { contents } => contents.borrow().to_string(),
            _ => self.0.children.borrow().iter().cloned().map(|it| Element(it).text()).collect(),
        }
    }
}

pub(super) fn texts(elements: &[Element]) -> Vec<String> {
    elements.iter().map(Element::text).collect()
}
