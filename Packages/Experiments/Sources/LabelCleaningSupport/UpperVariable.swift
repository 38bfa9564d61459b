import RunSupport

/// What the upper level of label cleaning chooses; the lower level trains a network under it.
package enum UpperVariable: String, NamedSetting {
    /// How labels go wrong by class, T; the network learns true classes, p(given) = Σ_k p(k) T[k, given] (forward
    /// correction, Patrini et al. 2017). T is the upper level's minimiser at y in closed form: expectation
    /// maximization.
    case transition
    /// One weight a sample, w_i = σ(x_i) (Franceschi et al. 2017), moved by the one-step hypergradient on trusted
    /// batches.
    case weights
    /// Weights that are not kept: w_i = max(0, -∂F/∂w_i) after one step of looking ahead, over their sum in the batch
    /// (Ren et al. 2018).
    case lookAhead = "look-ahead"
    /// None: the network is trained on the labels as they are.
    case none
}
