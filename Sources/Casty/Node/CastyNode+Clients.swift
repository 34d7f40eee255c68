public import CastyActors
public import CastySharding

extension CastyNode {
    /// Lets programs that are no members send messages to entities through this node, as `CastyClient` does: to those of
    /// each type that the node hosts, or uses.
    ///
    /// A client needs the capability to operate, see ``ConnectionSecurity``. A node that other machines can reach, and
    /// that has no credentials to tell clients by, refuses them all.
    ///
    /// - Throws: ``ShardingError`` where this was called before, or the node is stopping.
    public func serveClients() throws(ShardingError) { try ClientService.start(on: sharding) }

    /// Lets people reach the entities of a type with commands in text through this node: by `casty ask`, `casty tell`
    /// and an attached console, for ids of the form `TYPE-REST`.
    ///
    /// ```swift
    /// try node.serveText(accounts, reply: { (balance: Int) in "\(balance)" }) { text in
    ///     guard let amount = Int(text) else { throw Unreadable("an amount to deposit, such as 100") }
    ///     return { .deposit(amount, replyTo: $0) }
    /// }
    /// ```
    ///
    /// Call it on every node that people may name, beside ``serveClients()``. The last call for a type counts.
    ///
    /// - Parameters:
    ///   - type: The type.
    ///   - reply: Formats the entity's reply, in at most 16,384 bytes.
    ///   - command: Reads a command of at most 16,384 bytes, and makes the function that makes the entity's message.
    ///     What it throws is shown to the person, so it should say what can be said instead. A message that was only to
    ///     be told gets a reference to reply to as well; what comes there is dropped.
    /// - Throws: ``ShardingError`` where this node neither hosts nor reaches the type.
    public func serveText<Message: Sendable, Reply: Sendable>(
        _ type: EntityType<Message>, reply: @escaping @Sendable (Reply) -> String,
        command: @escaping @Sendable (_ text: String) throws -> (ActorRef<Reply>) -> Message
    ) throws(ShardingError) {
        try region(type).serveText(of: sharding, reply: reply, command: command)
    }
}
