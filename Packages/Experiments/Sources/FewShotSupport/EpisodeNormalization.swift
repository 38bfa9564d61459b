import RunSupport

/// Whose statistics batch normalization uses for the query: a choice that every result names.
package enum NormalizationName: String, NamedSetting {
    /// The query's own: what a picture is taken for depends on its company (Finn et al. 2017).
    case transductive
    /// The support's, so that each query picture stands alone.
    case support
    /// Means over training episodes, the same for all later ones; in training those of an episode's support and query
    /// together, as in any network (Snell et al. 2017).
    case running

    /// For every result.
    package var explanation: String {
        switch self {
        case .transductive:
            "transductive, batch statistics of each episode's support and query images, at test too"
        case .support: "by the support's batch statistics, in training too: each query image stands alone"
        case .running: "by running statistics of training episodes: each image stands alone"
        }
    }

    /// What an episode is normalized by in training.
    var inTraining: EpisodeNormalization {
        switch self {
        case .transductive: .apart
        case .support: .bySupport
        case .running: .together
        }
    }

    /// The same where nothing is learned.
    var inTests: EpisodeNormalization { self == .running ? .given : inTraining }
}

/// What an episode's images are normalized by.
package enum EpisodeNormalization: Sendable {
    /// Support and query, each by its own statistics.
    case apart
    /// Both by the support's.
    case bySupport
    /// Both by those of all images of the episode.
    case together
    /// Both by those that stand in the episode's data.
    case given
}
