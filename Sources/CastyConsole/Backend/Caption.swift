/// What a played script says to the person watching: its latest note.
package struct Caption: Hashable, Sendable, Codable {
    /// The name of the script.
    package var title: String
    package var text: String
    /// Whether time stands still until the user has read it.
    package var waits: Bool

    package init(title: String, text: String, waits: Bool) {
        self.title = title
        self.text = text
        self.waits = waits
    }
}
