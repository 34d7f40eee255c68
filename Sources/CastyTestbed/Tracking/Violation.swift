/// Something that must never be, and was.
package struct Violation: Hashable, Sendable {
    /// The invariant: `M5`, `S1`.
    package var id: String
    /// The node it is about.
    package var subject: String?
    /// The entity it is about.
    package var entity: String?
    /// What was seen.
    package var text: String

    package init(id: String, subject: String? = nil, entity: String? = nil, text: String) {
        self.id = id
        self.subject = subject
        self.entity = entity
        self.text = text
    }
}
