package import CastyActors
import Synchronization

/// The entity types of a node that accept commands as text, by type name.
package final class TextEntities: Sendable {
    /// The functions that reach the entities of one type. They throw where the text is no command.
    package struct Access: Sendable {
        let ask:
            @Sendable (
                _ entity: String, _ text: String, _ timeout: Duration,
                _ completion: @escaping @Sendable (Result<String, AskError>) -> Void
            ) throws -> Void
        let tell: @Sendable (_ entity: String, _ text: String) throws -> Void
    }

    private let types = Mutex<[String: Access]>([:])

    init() {}

    /// The names of all types, in order.
    var names: [String] { types.withLock { Array($0.keys) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

    func add(_ type: String, _ access: Access) { types.withLock { $0[type] = access } }

    /// The access for an entity whose id is `TYPE-REST`; if several types match, the longest.
    func access(to entity: String) -> Access? {
        types.withLock { types in
            var dash = entity.utf8.lastIndex(of: UInt8(ascii: "-"))
            while let end = dash {
                if let found = types[String(entity[..<end])] { return found }
                dash = entity.utf8[..<end].lastIndex(of: UInt8(ascii: "-"))
            }
            return nil
        }
    }
}

extension ShardRegion {
    /// Lets clients that are not members send text commands to the entities of this type, through this node.
    ///
    /// - Parameters:
    ///   - sharding: The sharding of this node.
    ///   - message: Makes the entity's message from a command and, for a question, the reference that the reply goes
    ///     to.
    ///   - text: Formats the reply as text.
    package func serveClients<Reply: Sendable>(
        of sharding: Sharding, message: @escaping @Sendable (String, ActorRef<Reply>?) -> Message,
        text: @escaping @Sendable (Reply) -> String
    ) {
        let region = self
        sharding.textEntities.add(
            type,
            TextEntities.Access(
                ask: { entity, command, timeout, completion in
                    region.ask(entity, within: timeout, { message(command, $0) }) { completion($0.map(text)) }
                },
                tell: { entity, command in region.tell(entity, message(command, nil)) }))
    }

    /// Lets clients that are not members send text commands to the entities of this type, through this node.
    ///
    /// - Parameters:
    ///   - sharding: The sharding of this node.
    ///   - reply: Formats the reply as text.
    ///   - command: Reads a command: makes the function that makes the entity's message from the reference for the
    ///     reply. Throws what a person should read where the text is no command.
    package func serveText<Reply: Sendable>(
        of sharding: Sharding, reply: @escaping @Sendable (Reply) -> String,
        command: @escaping @Sendable (String) throws -> (ActorRef<Reply>) -> Message
    ) {
        let region = self
        sharding.textEntities.add(
            type,
            TextEntities.Access(
                ask: { entity, text, timeout, completion in
                    let message = try command(text)
                    region.ask(entity, within: timeout, message) { completion($0.map(reply)) }
                },
                // The entity's message may need a reference to reply to, so there is one, and what comes is dropped.
                tell: { entity, text in
                    let message = try command(text)
                    region.ask(entity, within: ClientProtocol.unansweredTell, message) { _ in }
                }))
    }
}
