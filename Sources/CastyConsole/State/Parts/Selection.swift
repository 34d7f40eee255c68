/// The cursors of the panes, and the marks.
struct Selection: Hashable, Sendable {
    /// The node under the cursor, by name; `nil` for the first.
    var node: String?
    var marked: [String] = []
    var shardType = 0
    var shard = 0
    var linkFrom: String?
    var linkTo: String?
    /// The corner opposite to the link under the cursor, if a rectangle of links is selected.
    var corner: LinkCorner?
    /// Where the mouse button was pressed in the matrix of links; a drag selects from there.
    var pressed: LinkCorner?
    /// The event under the cursor; `nil` follows the newest.
    var event: Int?
    /// The message under the cursor in the pane Flow; `nil` follows the newest.
    var message: UInt64?
}

/// A cell of the matrix of links: the direction from a node to another, or a node itself.
struct LinkCorner: Hashable, Sendable {
    var from: String
    var to: String
}
