//! XML documents of AWS, read and changed.

use bytes::Bytes;
use xmltree::{Element, EmitterConfig, XMLNode};

/// The document in a body, if there is one.
pub(crate) fn parse(body: &[u8]) -> Option<Element> {
    if body.is_empty() { None } else { Element::parse(body).ok() }
}

/// A document as a body.
pub(crate) fn write(document: &Element) -> Bytes {
    let mut body = Vec::new();
    let config = EmitterConfig::new().perform_indent(false);
    document.write_with_config(&mut body, config).expect("memory takes any document");
    body.into()
}

/// An element that holds text.
pub(crate) fn leaf(name: &str, text: &str) -> Element {
    let mut element = Element::new(name);
    element.children.push(XMLNode::Text(text.to_owned()));
    element
}

/// An element that holds others.
pub(crate) fn branch(name: &str, children: impl IntoIterator<Item = Element>) -> Element {
    let mut element = Element::new(name);
    element.children = children.into_iter().map(XMLNode::Element).collect();
    element
}

/// The elements directly in `element`.
pub(crate) fn children(element: &Element) -> impl Iterator<Item = &Element> {
    element.children.iter().filter_map(XMLNode::as_element)
}

/// The elements directly in `element`, to change them.
pub(crate) fn children_mut(element: &mut Element) -> impl Iterator<Item = &mut Element> {
    element.children.iter_mut().filter_map(XMLNode::as_mut_element)
}

/// The text at a path of names below `element`; none if it is empty.
pub(crate) fn text(element: &Element, path: &[&str]) -> Option<String> {
    let mut at = element;
    for name in path {
        at = at.get_child(*name)?;
    }
    at.get_text().map(std::borrow::Cow::into_owned).filter(|text| !text.is_empty())
}

/// The element at a path of names below `element`, to change it.
pub(crate) fn at_mut<'a>(element: &'a mut Element, path: &[&str]) -> Option<&'a mut Element> {
    path.iter().try_fold(element, |at, name| at.get_mut_child(*name))
}

/// Sets the text of the child `name`, which is made if it is not there.
pub(crate) fn set(element: &mut Element, name: &str, text: &str) {
    let child = leaf(name, text);
    match element.get_mut_child(name) {
        Some(old) => old.children = child.children,
        None => element.children.push(XMLNode::Element(child)),
    }
}

/// The texts of all elements of this name, at any depth, in order.
pub(crate) fn texts(element: &Element, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(element, name, &mut found);
    found
}

/// Removes the child elements that `keep` does not want.
pub(crate) fn retain(element: &mut Element, mut keep: impl FnMut(&Element) -> bool) {
    element.children.retain(|child| child.as_element().is_none_or(&mut keep));
}

fn collect(element: &Element, name: &str, found: &mut Vec<String>) {
    for child in children(element) {
        if child.name == name {
            found.extend(child.get_text().map(std::borrow::Cow::into_owned));
        }
        collect(child, name, found);
    }
}
