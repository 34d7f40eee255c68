import CastyActors
import CastyPlacement

extension ActorSystem {
    /// Stores with a message what the current turn runs for, if there is a tracer: the message may wait until its
    /// addressee has a home, and is passed on in a turn that runs for something else.
    func attachContext(to message: ErasedMessage) {
        if let tracing { message.context = tracing.tracer.current }
    }

    /// Passes on a message in the context that was stored with it.
    func carrying<Result>(_ message: ErasedMessage, _ body: () -> Result) -> Result {
        guard let tracing else { return body() }
        return tracing.tracer.run(in: message.context as? any TraceContext, body)
    }
}
