import CastyActors

/// Why a shard type or a singleton could not be started.
public struct ShardingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Sendable, CaseIterable {
        case alreadyStarted
        /// The type or the singleton takes other messages on this node.
        case otherMessage
        /// Another message type has the name of this one.
        case notRegistered
        /// The number of shards is out of range, or another one than this node uses already.
        case badShardCount
        /// A limit of the type is out of range.
        case badLimit
        /// This node only reaches the type.
        case notHosted
        /// The name cannot be that of an actor, or something else has it.
        case badName
        /// The node is stopping.
        case stopping
    }

    /// What is wrong.
    public let code: Code
    /// For a person: what is wrong, and what to do.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

extension ShardingError {
    /// Runs `body`, and translates errors of the runtime into ``ShardingError``.
    static func translating<Value>(_ name: String, _ body: () throws -> Value) throws(ShardingError) -> Value {
        do {
            return try body()
        } catch let error as ShardingError {
            throw error
        } catch let error as SpawnError {
            switch error.code {
            case .nameTaken: throw ShardingError(.alreadyStarted, "\(name): \(error)")
            case .badName: throw ShardingError(.badName, "\(name): \(error)")
            case .stopping: throw ShardingError(.stopping, "\(name): \(error)")
            }
        } catch {
            // A user's type is registered under a name that belongs to the runtime.
            throw ShardingError(.badName, "\(name): \(error)")
        }
    }
}
