import Synchronization

extension ActorSystem {
    /// Lets behaviors find a part of the runtime by its type, until the system has ended.
    package func keep<Part: AnyObject & Sendable>(part: Part) {
        state.withLock { state in
            if !state.terminated { state.parts[ObjectIdentifier(Part.self)] = part }
        }
    }

    /// The part of this type; `nil` where there is none.
    package func part<Part: AnyObject & Sendable>(_ type: Part.Type) -> Part? {
        state.withLock { $0.parts[ObjectIdentifier(type)] } as? Part
    }
}
