// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice What Market's gas is compared with: an escrow for each task, nothing shared, no audits.
contract NaiveEscrow {
    using SafeERC20 for IERC20;

    enum Status {
        None,
        Open,
        Delivered,
        Paid
    }

    struct Task {
        address requester;
        address provider;
        uint256 priceWei;
        bytes32 specHash;
        bytes32 resultHash;
        Status status;
    }

    IERC20 private immutable _TOKEN;
    mapping(uint256 taskId => Task) public tasks;
    uint256 public taskCount;

    event Opened(uint256 indexed taskId, address indexed requester, address indexed provider);
    event Delivered(uint256 indexed taskId, bytes32 resultHash);
    event Paid(uint256 indexed taskId, uint256 priceWei);

    error NotYours(uint256 taskId);

    constructor(IERC20 token_) {
        _TOKEN = token_;
    }

    function open(address provider, uint256 priceWei, bytes32 specHash) external returns (uint256) {
        _TOKEN.safeTransferFrom(msg.sender, address(this), priceWei);
        tasks[++taskCount] = Task(msg.sender, provider, priceWei, specHash, 0, Status.Open);
        emit Opened(taskCount, msg.sender, provider);
        return taskCount;
    }

    function deliver(uint256 taskId, bytes32 resultHash) external {
        Task storage task = tasks[taskId];
        if (msg.sender != task.provider || task.status != Status.Open) revert NotYours(taskId);
        task.resultHash = resultHash;
        task.status = Status.Delivered;
        emit Delivered(taskId, resultHash);
    }

    function accept(uint256 taskId) external {
        Task storage task = tasks[taskId];
        if (msg.sender != task.requester || task.status != Status.Delivered) {
            revert NotYours(taskId);
        }
        task.status = Status.Paid;
        _TOKEN.safeTransfer(task.provider, task.priceWei);
        emit Paid(taskId, task.priceWei);
    }
}
