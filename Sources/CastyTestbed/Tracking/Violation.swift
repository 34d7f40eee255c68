package import CastyObservability

/// A violated invariant.
package struct Violation: Hashable, Sendable {
    /// The invariant: `M5`, `S1`.
    package var id: String
    /// The node concerned.
    package var subject: String?
    /// The entity concerned.
    package var entity: String?
    /// What was observed.
    package var text: String
    /// The loss that it is about, if it is about one.
    package var loss: EnvelopeLoss?

    package init(id: String, subject: String? = nil, entity: String? = nil, text: String, loss: EnvelopeLoss? = nil) {
        self.id = id
        self.subject = subject
        self.entity = entity
        self.text = text
        self.loss = loss
    }
}
