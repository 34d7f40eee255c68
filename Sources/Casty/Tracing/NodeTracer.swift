import CastyActors
import Tracing

/// Connects a node's actors to a tracer of swift-distributed-tracing.
struct NodeTracer: MessageTracing {
    let tracer: any Tracer

    /// For the tracer of the settings, or else the one of the process; `nil` where there is none.
    init?(_ chosen: (any Tracer)?) {
        let tracer = chosen ?? InstrumentationSystem.tracer
        if tracer is NoOpTracer { return nil }
        self.tracer = tracer
    }

    private final class Carried: TraceContext {
        let context: ServiceContext

        init(_ context: ServiceContext) {
            self.context = context
        }
    }

    private struct Question: AskSpan {
        let span: any Span
        let context: any TraceContext

        func end(_ error: AskError?) {
            if let error {
                span.attributes["casty.ask.error"] = error.code.rawValue
                span.recordError(error)
                span.setStatus(SpanStatus(code: .error, message: error.description))
            }
            span.end()
        }
    }

    var current: (any TraceContext)? { ServiceContext.current.map { Carried($0) } }

    func run<Result>(in context: (any TraceContext)?, _ body: () throws -> Result) rethrows -> Result {
        try ServiceContext.withValue((context as? Carried)?.context, operation: body)
    }

    func begin(asking target: String) -> any AskSpan {
        let span = tracer.startSpan("ask", context: .current ?? .topLevel, ofKind: .client)
        span.attributes["casty.ask.target"] = target
        return Question(span: span, context: Carried(span.context))
    }

    func texts(of context: any TraceContext) -> [String: String] {
        guard let carried = context as? Carried else { return [:] }
        var texts: [String: String] = [:]
        tracer.inject(carried.context, into: &texts, using: Texts())
        return texts
    }

    func context(of texts: [String: String]) -> (any TraceContext)? {
        var context = ServiceContext.topLevel
        tracer.extract(texts, into: &context, using: Texts())
        return Carried(context)
    }

    /// Reads and writes what travels, as texts by name.
    private struct Texts: Injector, Extractor {
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    }
}
