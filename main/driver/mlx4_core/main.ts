// The module mlx4_core (main.c: mlx4_init, mlx4_cleanup, mlx4_verify_params; facts/driver 1.1,
// 8.10): its parameters, its static variables, and the queue `mlx4` of all cards.

import { EINVAL } from '#kernel/errno.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { mutex_init } from '#kernel/locking/mutex.ts';
import type { Module, ModuleDefinition, ModuleInstance } from '#kernel/module.ts';
import type { ModuleParams, ParamDefinition } from '#kernel/module-params.ts';
import { pci_register_driver, pci_unregister_driver } from '#kernel/pci/driver.ts';
import type { PciDriver } from '#kernel/pci/driver.ts';
import { pr_warn } from '#kernel/printk.ts';
import { create_singlethread_workqueue, destroy_workqueue } from '#kernel/workqueue.ts';
import { SharedList } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import type { DriverVariant } from '../variant.ts';
import { mlx4_driver } from './main/probe.ts';
import { DRV_VERSION, MLX4_PORT_TYPE_IB } from './mlx4.ts';
import type { mlx4_core_module, mlx4_interface, mlx4_priv } from './mlx4.ts';

/** Legal sizes of a steering entry, as logs. */
const MLX4_MIN_MGM_LOG_ENTRY_SIZE = 7;
const MLX4_MAX_MGM_LOG_ENTRY_SIZE = 12;
/** What the obsolete parameter log_num_vlan is replaced by. */
const MLX4_LOG_NUM_VLANS = 7;

const parameter = (
  name: string,
  type: ParamDefinition['type'],
  value: string,
  mode: number,
  description: string,
): ParamDefinition => ({ name, type, value, mode, description });

const parameters: readonly ParamDefinition[] = [
  parameter('debug_level', 'int', '0', 0o644, 'Enable debug tracing if > 0'),
  parameter(
    'msi_x',
    'int',
    '1',
    0o444,
    "0 - don't use MSI-X, 1 - use MSI-X, >1 - limit number of MSI-X irqs to msi_x",
  ),
  parameter('num_vfs', 'ints', '0', 0o444, 'enable #num_vfs functions if num_vfs > 0'),
  parameter('probe_vf', 'ints', '0', 0o444, 'number of vfs to probe by pf driver (num_vfs > 0)'),
  parameter(
    'log_num_mgm_entry_size',
    'int',
    '10',
    0o444,
    'log mgm size, that defines the num of qp per mcg',
  ),
  parameter(
    'enable_64b_cqe_eqe',
    'bool',
    'Y',
    0o444,
    'Enable 64 byte CQEs/EQEs when the FW supports this',
  ),
  parameter(
    'enable_4k_uar',
    'bool',
    'N',
    0o444,
    'Enable using 4K UAR. Should not be enabled if have VFs which do not support 4K UARs',
  ),
  parameter('log_num_mac', 'int', '7', 0o444, 'Log2 max number of MACs per ETH port (1-7)'),
  parameter('log_num_vlan', 'int', '0', 0o444, 'Log2 max number of VLANs per ETH port (0-7)'),
  parameter(
    'use_prio',
    'bool',
    'N',
    0o444,
    'Enable steering by VLAN priority on ETH ports (deprecated)',
  ),
  parameter('log_mtts_per_seg', 'int', '0', 0o444, 'Log2 number of MTT entries per segment (0-7)'),
  parameter(
    'port_type_array',
    'ints',
    '0,0',
    0o444,
    'Array of port types: HW_DEFAULT (0) is default 1 for IB, 2 for Ethernet',
  ),
  parameter('enable_qos', 'bool', 'N', 0o444, 'Enable Enhanced QoS support (default: off)'),
  parameter(
    'internal_err_reset',
    'int',
    '1',
    0o644,
    'Reset device on internal errors if non-zero (default 1)',
  ),
];

const within = (value: number, lowest: number, highest: number): boolean =>
  value >= lowest && value <= highest;

/** 0, or -EINVAL for parameters that the module cannot live with. */
function mlx4_verify_params(k: Kernel, params: ModuleParams): number {
  const refuse = (text: string): number => {
    pr_warn(k, `mlx4_core: ${text}`);
    return -EINVAL;
  };
  const msiX = params.int('msi_x');
  const logMacs = params.int('log_num_mac');
  const logMtts = params.int('log_mtts_per_seg');
  const logMgm = params.int('log_num_mgm_entry_size');
  if (msiX < 0) return refuse(`bad msi_x: ${msiX}`);
  if (!within(logMacs, 0, 7)) return refuse(`bad num_mac: ${logMacs}`);
  if (params.int('log_num_vlan') !== 0) {
    pr_warn(k, `mlx4_core: log_num_vlan - obsolete module param, using ${MLX4_LOG_NUM_VLANS}`);
  }
  if (params.bool('use_prio')) pr_warn(k, 'mlx4_core: use_prio - obsolete module param, ignored');
  if (!within(logMtts, 0, 7)) return refuse(`bad log_mtts_per_seg: ${logMtts}`);
  const [first, second] = params.ints('port_type_array');
  if (first === 0 && second === MLX4_PORT_TYPE_IB) {
    const text = 'Module parameter configuration ETH/IB is not supported.';
    pr_warn(k, `${text} Switching to default configuration IB/IB`);
    params.set('port_type_array', `${MLX4_PORT_TYPE_IB},${MLX4_PORT_TYPE_IB}`);
  }
  const legalMgm =
    within(logMgm, -7, 0) ||
    within(logMgm, MLX4_MIN_MGM_LOG_ENTRY_SIZE, MLX4_MAX_MGM_LOG_ENTRY_SIZE);
  if (legalMgm) return 0;
  const range = `(-7..0 or ${MLX4_MIN_MGM_LOG_ENTRY_SIZE}..${MLX4_MAX_MGM_LOG_ENTRY_SIZE})`;
  return refuse(`mlx4_log_num_mgm_entry_size (${logMgm}) not in legal range ${range}`);
}

/** The loaded module: its code, and the state that its users reach. */
class CoreInstance implements ModuleInstance {
  readonly core: mlx4_core_module;
  private readonly driver: PciDriver;

  constructor(k: Kernel, params: ModuleParams, variant: DriverVariant, module: Module) {
    this.core = {
      k,
      module,
      params,
      variant,
      intf_mutex: mutex_init(k, 'intf_mutex'),
      set_port_type_mutex: mutex_init(k, 'set_port_type_mutex'),
      intf_list: new SharedList<mlx4_interface>(k.sim, 'intf_list'),
      dev_list: new SharedList<mlx4_priv>(k.sim, 'dev_list'),
      intf_nodes: new Map(),
      dev_nodes: new Map(),
      mlx4_adev_ida: new Set(),
      bondWorks: 0,
      versionPrinted: false,
    } as Partial<mlx4_core_module> as mlx4_core_module;
    this.driver = mlx4_driver(this.core);
  }

  *init(): MaySleep<number> {
    const { core, driver } = this;
    const { k } = core;
    if (mlx4_verify_params(k, core.params) !== 0) return -EINVAL;
    core.mlx4_wq = create_singlethread_workqueue(k, 'mlx4', 'mlx4');
    const err = yield* pci_register_driver(k, driver, core.module);
    if (err < 0) yield* destroy_workqueue(core.mlx4_wq);
    return Math.min(err, 0);
  }

  *exit(): MaySleep<void> {
    yield* pci_unregister_driver(this.driver);
    yield* destroy_workqueue(this.core.mlx4_wq);
  }
}

/** The module as the machine's module table takes it. */
export const moduleDefinition: ModuleDefinition<DriverVariant> = {
  name: 'mlx4_core',
  description: 'Mellanox ConnectX HCA low-level driver',
  version: DRV_VERSION,
  depends: [],
  aliases: ['pci:v000015B3d00001003sv*sd*bc*sc*i*', 'pci:v000015B3d00001007sv*sd*bc*sc*i*'],
  params: parameters,
  exports: ['mlx4_register_interface', 'mlx4_cmd'],
  sizeBytes: 409_600,
  create: (k, params, variant, module) => new CoreInstance(k, params, variant, module),
};
