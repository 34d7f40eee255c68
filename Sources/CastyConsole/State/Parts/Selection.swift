/// The cursors of the panes, and the marks.
struct Selection: Hashable, Sendable {
    /// The node under the cursor, by name; `nil` for the first.
    var node: String?
    var marked: [String] = []
    var shardType = 0
    var shard = 0
    var linkFrom: String?
    var linkTo: String?
    /// The event under the cursor; `nil` follows the newest.
    var event: Int?
    /// The message under the cursor in the pane Flow; `nil` follows the newest.
    var message: UInt64?
}
