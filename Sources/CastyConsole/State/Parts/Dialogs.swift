/// What asks the user or answers: an overlay, a question or a result at the bottom, and the lines typed so far.
struct Dialogs: Hashable, Sendable {
    var modal: Modal?
    var question: Question?
    var flash: Flash?
    /// The lines given to the palette, oldest first.
    var history: [String] = []
    /// The latest message to an entity and the latest load, which the next prompts begin with.
    var lastTell: String?
    var lastLoad: String?
    /// The number of the latest comparison that was shown.
    var compared: Int?
}

/// The notes of the script.
struct Captions: Hashable, Sendable {
    var latest: Caption?
    /// The one that the user has put away.
    var hidden: Caption?
}
